import Model

extension Network {
    /// Whether the node that a packet of the wire is for takes it for ESP: plain, in UDP to a port of its states, or a
    /// fragment of either. What pods send each other as ESP is not for the node. Nothing changes.
    ///
    /// A later fragment of UDP tells no port: its first fragment does where that waits at the node, and without that any
    /// state in UDP of its destination is enough.
    /// - Parameters:
    ///   - packet: From the IP header on; false where that cannot be parsed.
    ///   - byteCount: Its size as it was sent.
    mutating func takesAsESP(_ packet: RawSpan, byteCount: Int) -> Bool {
        guard let head = try? PacketHead(parsing: packet, available: byteCount),
            let node = node(for: head.destination)
        else { return false }
        return takesAsESP(packet, head, at: node)
    }

    /// The same of a packet at a node's uplink.
    mutating func takesAsESP(_ bytes: RawSpan, _ head: PacketHead, at node: Int) -> Bool {
        var (next, offset) = (head.protocolNumber, head.headerByteCount)
        var fragment = head.isFragment ? head.fragment : nil
        let hasExtensions = head.family == .v6 && next.isExtensionHeader(of: .v6)
        guard hasExtensions || next == .esp || next == .udp, route(to: head.destination, at: node) == .local else {
            return false
        }
        if hasExtensions {
            let end = min(head.byteCount, bytes.byteCount)
            guard let chain = try? HeaderChain(walking: bytes, from: offset, to: end, first: next, family: .v6) else {
                return false
            }
            (next, offset, fragment) = (chain.next, chain.offset, chain.fragment)
        }
        if next == .esp { return true }
        if let fragment, fragment.isLater {
            return nodes[node].reassembly.isESP(Reassembly.Key(head, fragment))
                ?? (next == .udp && nodes.span[node].takesESPInUDP(port: nil, at: head.destination))
        }
        guard next == .udp else { return false }
        // Of a first fragment the rest of the packet is behind its end.
        let end = fragment == nil ? head.byteCount : .max
        switch nodes.span[node].contents(ofUDP: bytes, at: offset, to: end, for: head.destination) {
        case .esp, .unreadable: return true
        case .keepAlive, .other: return false
        }
    }

    /// What tc takes for ESP.
    mutating func isESP(_ bytes: RawSpan, _ head: PacketHead) -> Bool {
        if head.protocolNumber == .esp { return true }
        guard options.tcParser == .headerChain, head.protocolNumber.isExtensionHeader(of: head.family),
            !head.fragment.isLater
        else { return false }
        return InterfacePacket.leadsToESP(
            bytes, from: head.headerByteCount, to: min(head.byteCount, bytes.byteCount), first: head.protocolNumber,
            family: head.family)
    }
}

/// What a UDP packet is to the node that it is for.
enum UDPContents {
    case esp
    /// One byte 0xff.
    case keepAlive
    /// The socket's own: key exchange, marked by four bytes 0 in the place of an SPI, and all else.
    case other
    /// The capture holds too little of what may be ESP.
    case unreadable
}

extension NodeNetwork {
    /// Source: Linux, xfrm4_udp_encap_rcv.
    /// - Parameters:
    ///   - offset: Where the UDP header begins.
    ///   - end: Where the packet ends, of which the capture may hold less.
    func contents(ofUDP bytes: RawSpan, at offset: Int, to end: Int, for destination: IPAddress) -> UDPContents {
        let start = offset + UDPEncapsulation.headerByteCount
        let port = bytes.byteCount < offset + 4 ? nil : bytes.network16(at: offset + 2)
        guard end > start, takesESPInUDP(port: port, at: destination) else { return .other }
        guard bytes.byteCount >= min(start + 4, end) else { return .unreadable }
        if end == start + 1, bytes.byte(at: start) == 0xff { return .keepAlive }
        return end - start > ESPHeader.byteCount && bytes.network32(at: start) != 0 ? .esp : .other
    }

    /// Whether a socket for ESP in UDP is bound to a port, or to any: that of an inbound state.
    fileprivate func takesESPInUDP(port: UInt16?, at destination: IPAddress) -> Bool {
        xfrm.states.contains { entry in
            guard let ports = entry.state.encapsulation, entry.state.destination == destination else { return false }
            return port == nil || ports.destinationPort == port
        }
    }
}
