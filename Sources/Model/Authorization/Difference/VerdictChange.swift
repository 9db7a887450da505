/// Connections whose verdict is another one after a change of the mesh, and why.
public struct VerdictChange: Hashable, Sendable {
    /// Who connects.
    public var sources: VerdictSources
    /// The pods that are connected to, ordered; each is in both meshes.
    public var destinations: [WorkloadUID]
    /// Of which address families the connections are; both where it is all that each destination has.
    public var families: [AddressFamily]
    /// Ports of the pod.
    public var ports: PortSet
    public var before: AuthorizationVerdict
    public var after: AuthorizationVerdict
    /// What of the mesh decides it; never empty.
    public var causes: [VerdictCause]
}

/// Who connects.
public enum VerdictSources: Hashable, Sendable {
    /// Every workload of both meshes, and every address that no workload owns.
    case anyone
    /// Ordered.
    case some([VerdictSource])
}

/// One who connects.
public enum VerdictSource: Hashable, Sendable {
    /// A workload that is in both meshes, with its identity after the change; nil where its address says nothing.
    case workload(WorkloadUID, PeerIdentity?)
    /// Addresses that no workload of either mesh owns, by the innermost block of a policy; nil outside all blocks.
    case nobody(AddressFamily, in: Prefix?)
}

/// Something that changed, by which a verdict changed.
public enum VerdictCause: Hashable, Sendable {
    case policyAdded(String)
    case policyRemoved(String)
    case policyEdited(String)
    /// The policy is as it was, and the destination's labels, namespace or network are others.
    case policySelects(String)
    case policySelectsNoMore(String)
    /// The source's identity; nil where its address says nothing about it.
    case sourceIdentity(before: PeerIdentity?, after: PeerIdentity?)
    case sourceAddress
    case destinationAddress
}

extension VerdictCause: Comparable {
    public static func < (a: VerdictCause, b: VerdictCause) -> Bool { a.sortKey < b.sortKey }

    private var sortKey: (Int, String, String) {
        switch self {
        case .policyAdded(let name): (0, name, "")
        case .policyRemoved(let name): (1, name, "")
        case .policyEdited(let name): (2, name, "")
        case .policySelects(let name): (3, name, "")
        case .policySelectsNoMore(let name): (4, name, "")
        case .sourceIdentity(let before, let after): (5, before?.principal ?? "", after?.principal ?? "")
        case .sourceAddress: (6, "", "")
        case .destinationAddress: (7, "", "")
        }
    }
}

extension VerdictSource: Comparable {
    /// Workloads by uid, then addresses that nobody owns: IPv4 first, those outside all blocks first.
    public static func < (a: VerdictSource, b: VerdictSource) -> Bool { a.sortKey < b.sortKey }

    private var sortKey: (Int, String, IPAddress, Int) {
        switch self {
        case .workload(let uid, let identity): (0, "\(uid.text) \(identity?.principal ?? "")", .anyV4, 0)
        case .nobody(let family, let block):
            (Int(family.rawValue) + 1, "", block?.address ?? (family == .v4 ? .anyV4 : .anyV6), block?.length ?? -1)
        }
    }
}
