public import Model

/// The network stack of one node: addresses, limits, maps and XFRM, and what chance gives to its packets.
public struct NodeNetwork {
    public let name: String
    /// On the network between nodes; the first of a family is the source of what the node sends by its uplink.
    public let addresses: [IPAddress]
    /// From where its pods get their addresses.
    public let podPrefixes: [Prefix]
    /// The node's end of its pods' interfaces; the first of a family is the source of what it sends to them.
    public let gateways: [IPAddress]
    /// Of the uplink, in bytes.
    public var uplinkMTU = 1500
    /// Of the pods' interfaces, in bytes.
    public var podMTU = 1500
    /// km_nodeinfo: where packets are marked for encryption.
    public var nodeInfo = LongestPrefixMap(capacity: MapCapacities.large.nodeInfo)
    public var xfrm: XFRMDatabase
    /// Of the outer IPv4 headers, and of the fragments of outer IPv6 packets.
    public var outerIdentifications: IdentificationSource
    /// Of the IPv4 packets that the node makes itself: ICMP errors.
    public var ownIdentifications: IdentificationSource
    /// Of the IPv6 packets that the node makes itself, 20 bits each.
    public var ownFlowLabels: IdentificationSource
    var reassembly = Reassembly()
    /// H18: by peers' addresses, IPv4 as mapped ones.
    private var peerMarks = HashMap<MapAddress, UInt32>(capacity: MapCapacities.large.nodeInfo)

    /// - Parameter seed: Of what chance gives to its packets.
    public init(
        _ name: String, addresses: [IPAddress], podPrefixes: [Prefix] = [], gateways: [IPAddress] = [], seed: UInt64 = 1
    ) {
        self.name = name
        self.addresses = addresses
        self.podPrefixes = podPrefixes
        self.gateways = gateways
        var generator = SplitMix64(seed: seed)
        xfrm = XFRMDatabase(seed: generator.next())
        outerIdentifications = IdentificationSource(startingAt: generator.draw())
        ownIdentifications = IdentificationSource(startingAt: generator.draw())
        ownFlowLabels = IdentificationSource(startingAt: generator.draw())
    }

    /// H18: what tc at the uplink marks ESP from an address of a peer with; `.none` for none.
    /// - Throws: `.full` when there are too many.
    public mutating func setPeerMark(_ mark: PacketMark, of address: IPAddress) throws(MapError) {
        try peerMarks.update(MapAddress(address.mapped), to: mark.rawValue)
    }

    /// What `setPeerMark` set, by addresses as they were given, IPv4 not mapped.
    var markedPeers: [IPAddress: PacketMark] {
        var marks: [IPAddress: PacketMark] = [:]
        for entry in peerMarks.sortedEntries { marks[entry.key.address.unmapped] = PacketMark(rawValue: entry.value) }
        return marks
    }

    /// - Throws: `.missing` where there is none.
    mutating func forgetPeerMark(of address: IPAddress) throws(MapError) {
        try peerMarks.delete(MapAddress(address.mapped))
    }

    /// The source of what the node sends by its uplink; without an address of the family there, any that it has.
    /// Source: Linux, inet_select_addr.
    func uplinkAddress(_ family: AddressFamily) -> IPAddress? {
        addresses.first { $0.family == family } ?? gateways.first { $0.family == family }
    }

    /// The source of what the node sends to its pods.
    func podSideAddress(_ family: AddressFamily) -> IPAddress? {
        gateways.first { $0.family == family } ?? addresses.first { $0.family == family }
    }
}

extension NodeNetwork: InterfaceMaps {
    public func isOfPeer(_ address: IPAddress) -> Bool { nodeInfo.covers(address) }

    public func peerMark(of address: IPAddress) -> PacketMark? {
        peerMarks.lookup(MapAddress(address.mapped)).map { PacketMark(rawValue: $0) }
    }
}
