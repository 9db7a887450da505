import Model

extension IPv6Header {
    /// What every link of IPv6 carries. Source: RFC 8200 §5.
    static let minimumMTU = 1280
}

extension NodeNetwork {
    /// The largest inner packet that fits the uplink encrypted by a state.
    /// Source: Linux, xfrm_state_mtu.
    mutating func tunnelMTU(_ index: Int) -> Int { xfrm.innerMTU(of: uplinkMTU, by: index) }
}

extension XFRMState {
    /// Of IP and UDP headers in front of ESP.
    var outerHeaderByteCount: Int {
        (destination.family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount)
            + (encapsulation == nil ? 0 : UDPEncapsulation.headerByteCount)
    }

    /// The largest inner packet that fits a link.
    func innerMTU(of link: Int) -> Int {
        let room = link - outerHeaderByteCount - ESPHeader.byteCount - ESPHeader.ivByteCount - key.icvByteCount
        let limit = max(room & ~3, 0) - 2
        return destination.family == .v6 ? max(limit, IPv6Header.minimumMTU) : limit
    }

    /// The IP header in front of an ESP packet. Source: Linux, xfrm4_tunnel_encap_add and xfrm6_tunnel_encap_add.
    /// - Parameter identification: Asked for IPv4 headers without DF.
    func outerHead(for inner: PacketHead, espByteCount: Int, identification: () -> UInt32) -> PacketHead {
        var outer = PacketHead(
            headerByteCount: destination.family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount,
            byteCount: outerHeaderByteCount + espByteCount,
            trafficClass: ECN.outer(of: inner.trafficClass), timeToLive: 64,
            protocolNumber: encapsulation == nil ? .esp : .udp, isWhole: inner.isWhole,
            source: source, destination: destination)
        switch destination.family {
        case .v4: if !outer.isWhole { outer.fragment.identification = identification() & 0xffff }
        case .v6:
            outer.isWhole = true
            outer.flowLabel = inner.flowLabel
        }
        return outer
    }
}

extension UDPEncapsulation {
    /// Of a UDP header. Source: RFC 768.
    static let headerByteCount = 8
}

/// Explicit congestion notification: the two low bits of the traffic class. Source: RFC 3168 §5, RFC 6040.
enum ECN {
    static let mask: UInt8 = 3
    static let congested: UInt8 = 3
    private static let capable: UInt8 = 2

    /// DSCP and ECN are copied, but for congestion that was met before. Source: Linux, INET_ECN_encapsulate.
    static func outer(of inner: UInt8) -> UInt8 {
        inner & mask == congested ? inner & ~mask | capable : inner
    }

    /// Congestion that the outer packet met is told to a packet that knows ECN. Source: Linux, IP_ECN_set_ce.
    static func inner(_ inner: UInt8, of outer: UInt8) -> UInt8 {
        outer & mask == congested && inner & mask != 0 ? inner | congested : inner
    }
}
