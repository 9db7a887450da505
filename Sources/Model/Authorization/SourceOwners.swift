/// Whose an address is: the workload that has it for itself.
///
/// The address of a host-network workload is its node's and tells nothing about the workload. Of several workloads with
/// one address the first by uid owns it, as in the maps of preset `hardened`.
public struct SourceOwners: Sendable {
    private var owners: [IPAddress: Workload] = [:]

    /// - Parameter workloads: All of the mesh, in any order.
    public init(_ workloads: some Sequence<Workload>) {
        for workload in workloads where workload.networkMode == .standard {
            for address in workload.addresses {
                if let owner = owners[address], owner.uid <= workload.uid { continue }
                owners[address] = workload
            }
        }
    }

    /// The owner; nil when nobody has the address for itself.
    public func workload(of address: IPAddress) -> Workload? { owners[address] }

    /// The owner's identity.
    public func identity(of address: IPAddress) -> PeerIdentity? { owners[address].map { PeerIdentity(of: $0) } }

    /// Every address that somebody owns, in order.
    public var addresses: [IPAddress] { owners.keys.sorted() }
}
