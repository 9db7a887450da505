/// The resources that claim one address. At most one owns the address's frontend.
///
/// Nearly always that is one; only several need memory of their own.
enum AddressOwners: Sendable {
    case none
    case service(ResourceID)
    case workload(ResourceID)
    /// In the order in which they came.
    indirect case several(services: [ResourceID], workloads: [ResourceID])

    /// Nobody claims the address.
    init() { self = .none }

    private init(services: [ResourceID], workloads: [ResourceID]) {
        self =
            switch (services.count, workloads.count) {
            case (0, 0): .none
            case (1, 0): .service(services[0])
            case (0, 1): .workload(workloads[0])
            default: .several(services: services, workloads: workloads)
            }
    }

    var services: [ResourceID] {
        switch self {
        case .none, .workload: []
        case .service(let id): [id]
        case .several(let services, _): services
        }
    }

    var workloads: [ResourceID] {
        switch self {
        case .none, .service: []
        case .workload(let id): [id]
        case .several(_, let workloads): workloads
        }
    }

    var isEmpty: Bool {
        if case .none = self { return true }
        return false
    }

    var all: [ResourceID] { services + workloads }

    mutating func insert(service id: ResourceID) {
        self = AddressOwners(services: services.filter { $0 != id } + [id], workloads: workloads)
    }

    mutating func insert(workload id: ResourceID) {
        self = AddressOwners(services: services, workloads: workloads.filter { $0 != id } + [id])
    }

    mutating func remove(_ id: ResourceID) {
        self = AddressOwners(services: services.filter { $0 != id }, workloads: workloads.filter { $0 != id })
    }

    /// The owner of the frontend: a service before a workload.
    func owner(_ rule: DataplaneOptions.SharedAddress, names: NameTable) -> ResourceID? {
        switch self {
        case .none: return nil
        case .service(let id), .workload(let id): return id
        case .several(let services, let workloads):
            let candidates = services.isEmpty ? workloads : services
            guard candidates.count > 1, rule == .firstName else { return candidates.last }
            return candidates.min { (names.name(of: $0) ?? "") < (names.name(of: $1) ?? "") }
        }
    }
}
