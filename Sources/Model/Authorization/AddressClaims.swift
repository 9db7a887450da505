/// Which workload an address is, where several may have it: the first by uid. Workloads that share their node's address
/// claim nothing.
struct AddressClaims: Sendable {
    struct Claim: Hashable, Sendable {
        var uid: WorkloadUID
        var identity: UInt32
    }

    private var owners: [IPAddress: Claim] = [:]
    /// Those behind the owner, sorted by uid.
    private var waiting: [IPAddress: [Claim]] = [:]

    /// Whose an address is.
    subscript(address: IPAddress) -> Claim? { owners[address] }

    /// Claims an address, or changes the identity of a claim.
    mutating func set(_ claim: Claim, at address: IPAddress) {
        guard let owner = owners[address], owner.uid != claim.uid else {
            owners[address] = claim
            return
        }
        var rest = (waiting[address] ?? []).filter { $0.uid != claim.uid }
        let (first, second) = claim.uid < owner.uid ? (claim, owner) : (owner, claim)
        owners[address] = first
        rest.insert(second, at: rest.firstIndex { second.uid < $0.uid } ?? rest.endIndex)
        waiting[address] = rest
    }

    /// Gives a claim up.
    mutating func remove(_ uid: WorkloadUID, at address: IPAddress) {
        guard let owner = owners[address] else { return }
        var rest = waiting[address] ?? []
        if owner.uid == uid {
            owners[address] = rest.isEmpty ? nil : rest.removeFirst()
        } else {
            rest.removeAll { $0.uid == uid }
        }
        waiting[address] = rest.isEmpty ? nil : rest
    }
}
