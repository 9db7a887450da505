/// The resources that claim one address. At most one owns the address's frontend.
struct AddressOwners: Sendable {
    /// In the order in which they came.
    private(set) var services: [ResourceID] = []
    private(set) var workloads: [ResourceID] = []

    var isEmpty: Bool { services.isEmpty && workloads.isEmpty }
    var all: [ResourceID] { services + workloads }

    mutating func insert(service id: ResourceID) {
        services.removeAll { $0 == id }
        services.append(id)
    }

    mutating func insert(workload id: ResourceID) {
        workloads.removeAll { $0 == id }
        workloads.append(id)
    }

    mutating func remove(_ id: ResourceID) {
        services.removeAll { $0 == id }
        workloads.removeAll { $0 == id }
    }

    /// The owner of the frontend: a service before a workload.
    func owner(_ rule: DataplaneOptions.SharedAddress, names: NameTable) -> ResourceID? {
        let candidates = services.isEmpty ? workloads : services
        guard candidates.count > 1, rule == .firstName else { return candidates.last }
        return candidates.min { (names.name(of: $0) ?? "") < (names.name(of: $1) ?? "") }
    }
}
