extension Compiler {
    /// The service that owns an address, nil when none does.
    public func service(at address: IPAddress) -> Service? {
        owner(of: address).flatMap { services[$0]?.service }
    }

    /// A workload with an address: the owner of the address's frontend, or the first that claims it.
    public func workload(at address: IPAddress) -> Workload? {
        guard let claims = owners[address] else { return nil }
        let owner = claims.owner(options.sharedAddress, names: names)
        return (owner.flatMap { workloads[$0] } ?? claims.workloads.lazy.compactMap { workloads[$0] }.first)?.workload
    }

    /// The workload of a name, nil when it is not held.
    public func workload(_ uid: WorkloadUID) -> Workload? {
        names.existingID(of: uid.text).flatMap { workloads[$0] }?.workload
    }

    /// Whether any workload is of an owner, such as a Deployment. Looks at all workloads.
    public func hasWorkload(ofOwner owner: String, namespace: String) -> Bool {
        workloads.ids.contains { id in
            guard let workload = workloads[id]?.workload else { return false }
            return workload.namespace == namespace && workload.ownerName == owner
        }
    }

    /// What happened to ids and names since this was called last, where the table takes note of it.
    public mutating func takeNameChanges() -> [NameChange] { names.takeChanges() }

    /// How many services and workloads are held, withheld ones not counted.
    public var resourceCounts: (services: Int, workloads: Int) { (services.count, workloads.count) }
}
