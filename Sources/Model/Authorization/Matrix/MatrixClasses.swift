/// A workload in a class, by some or all of its addresses.
public struct ClassMember: Hashable, Sendable {
    public let workload: Workload
    /// Those in the class, in order.
    public let addresses: [IPAddress]

    /// Whether addresses of the workload are in other classes.
    public var isPart: Bool { addresses.count < Set(workload.addresses).count }
}

/// Sources that no condition of the policies tells apart.
public struct SourceClass: Hashable, Sendable {
    /// A part of what no workload owns: a block without some blocks in it. Of the whole of a family the length is 0.
    public struct Range: Hashable, Sendable {
        public let block: Prefix
        /// In order; each of them is in the block.
        public let outside: [Prefix]
    }

    /// Whether these are workloads; else addresses that no workload has for itself.
    public let isKnown: Bool
    /// Ordered by uid; of addresses that nobody owns the host-network workloads that call from there.
    public let members: [ClassMember]
    /// The members' identities, in order; none of addresses that nobody owns.
    public let identities: [PeerIdentity]
    /// Where the addresses are that nobody owns; empty for workloads, and where single addresses were asked about.
    public let ranges: [Range]
    /// An address of each family that the class has, IPv4 first.
    public let representatives: [IPAddress]

    public var families: Set<AddressFamily> { Set(representatives.map(\.family)) }
}

/// Destinations that no condition of the policies tells apart, and at which the same policies apply.
public struct DestinationClass: Hashable, Sendable {
    /// What the destinations are to authorization.
    public enum Kind: Hashable, Sendable {
        /// Connections to workloads are judged.
        case workloads
        /// Host-network workloads: their address is their node's, where nothing is judged.
        case hosts
        /// No workload has the addresses; nothing is judged.
        case strangers
    }

    public let kind: Kind
    /// Ordered by uid; none for strangers.
    public let members: [ClassMember]
    /// Names of those that apply, in order.
    public let policies: [String]
    /// In order; what no policy names last.
    public let ports: [PortClass]
    /// An address of each family that the class has, IPv4 first.
    public let representatives: [IPAddress]
    /// Which of the lists of policies.
    let policyList: Int

    public var families: Set<AddressFamily> { Set(representatives.map(\.family)) }
    /// Any of the addresses.
    var representative: IPAddress { representatives[0] }
}

/// Ports that no condition of a destination's policies tells apart.
public struct PortClass: Hashable, Sendable {
    /// In order; of the class of all others none.
    public let ports: [UInt16]
    /// Whether these are all ports but those of the destination's other classes.
    public let isOthers: Bool
    /// Any of the ports.
    public let representative: UInt16
}
