import Model

/// Which UDP packets carry other packets: those to these ports.
@frozen
public struct TunnelPorts: Hashable, Sendable {
    /// nil for none.
    public var vxlan: UInt16?
    public var geneve: UInt16?

    /// The ports that are usual. Source: RFC 7348 §5, RFC 8926 §3.3.
    public init(vxlan: UInt16? = 4789, geneve: UInt16? = 6081) {
        self.vxlan = vxlan
        self.geneve = geneve
    }
}

extension NetworkLayer {
    private static let udpByteCount = 8
    private static let tunnelByteCount = 8
    /// What Geneve carries as Ethernet. Source: RFC 8926 §3.4.
    private static let bridgedEthernet = EtherType(rawValue: 0x6558)

    /// The network layer of the packet inside a VXLAN or Geneve packet.
    /// - Returns: nil for every other packet, and where the frame ends too early: the packet then counts as it is.
    ///   Fragments and packets with IPv6 extension headers are not looked into.
    public func tunnelled(in frame: RawSpan, _ ports: TunnelPorts) -> NetworkLayer? {
        guard let udp = udpOffset(in: frame), frame.byteCount - udp >= Self.udpByteCount + Self.tunnelByteCount else {
            return nil
        }
        let port = frame.network16(at: udp + 2)
        let header = udp + Self.udpByteCount
        if port == ports.vxlan { return vxlan(frame, header) }
        if port == ports.geneve { return geneve(frame, header) }
        return nil
    }

    /// Where the UDP header of the packet begins.
    private func udpOffset(in frame: RawSpan) -> Int? {
        switch etherType {
        case .ipv4:
            guard let header = try? IPv4Header(parsing: frame, at: offset),
                header.byteCount >= IPv4Header.fixedByteCount, header.protocolNumber == .udp,
                !header.fragment.isLater, !header.fragment.isFirst
            else { return nil }
            return offset + header.byteCount
        case .ipv6:
            guard let header = try? IPv6Header(parsing: frame, at: offset), header.nextHeader == .udp else {
                return nil
            }
            return offset + IPv6Header.byteCount
        default: return nil
        }
    }

    /// Flags, of which one says that the network is named, reserved bits, the network. Source: RFC 7348 §5.
    private func vxlan(_ frame: RawSpan, _ header: Int) -> NetworkLayer? {
        guard frame.byte(at: header) & 0x08 != 0 else { return nil }
        return ethernet(frame, header + Self.tunnelByteCount)
    }

    /// Version and options' length, flags, the protocol, the network. Source: RFC 8926 §3.4.
    private func geneve(_ frame: RawSpan, _ header: Int) -> NetworkLayer? {
        let first = frame.byte(at: header)
        // Another version than 0, or a control packet.
        guard first >> 6 == 0, frame.byte(at: header + 1) & 0x80 == 0 else { return nil }
        let inner = header + Self.tunnelByteCount + Int(first & 0x3f) * 4
        guard inner <= frame.byteCount else { return nil }
        switch EtherType(rawValue: frame.network16(at: header + 2)) {
        case Self.bridgedEthernet: return ethernet(frame, inner)
        case let type where type == .ipv4 || type == .ipv6: return layer(type, at: inner)
        default: return nil
        }
    }

    private func ethernet(_ frame: RawSpan, _ start: Int) -> NetworkLayer? {
        guard let header = try? EthernetHeader(parsing: frame.extracting(droppingFirst: start)) else { return nil }
        return layer(header.etherType, at: start + header.byteCount)
    }

    private func layer(_ etherType: EtherType, at offset: Int) -> NetworkLayer {
        NetworkLayer(etherType, at: offset, direction: direction, kernelInterface: kernelInterface)
    }
}
