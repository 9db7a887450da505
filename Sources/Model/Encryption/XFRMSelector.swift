/// Which packets a policy or a state is for, by their addresses and, of ICMP, by type. Kmesh's rules name nothing else.
/// Source: Linux, struct xfrm_selector.
public struct XFRMSelector: Hashable, Sendable {
    public var source: Prefix
    public var destination: Prefix
    /// Of ICMP, or of ICMPv6 with IPv6 addresses; nil for packets of all protocols. Linux holds it, in network order, in
    /// place of the source port (`ip xfrm`: `proto icmp type 3`).
    public var icmpType: UInt8?

    public init(source: Prefix, destination: Prefix, icmpType: UInt8? = nil) {
        self.source = source
        self.destination = destination
        self.icmpType = icmpType
    }

    /// - Parameter icmpType: Of a packet of ICMP in the addresses' family; nil for any other packet.
    public func covers(source: IPAddress, destination: IPAddress, icmpType: UInt8? = nil) -> Bool {
        (self.icmpType == nil || self.icmpType == icmpType) && self.source.contains(source)
            && self.destination.contains(destination)
    }

    /// The types of ICMP errors, which quote the packet that they are about: destination unreachable, time exceeded and
    /// parameter problem; in ICMPv6 packet too big as well. Source: RFC 792; RFC 4443 §2.1.
    public static func icmpErrorTypes(_ family: AddressFamily) -> [UInt8] {
        switch family {
        case .v4: [3, 11, 12]
        case .v6: [1, 2, 3, 4]
        }
    }
}
