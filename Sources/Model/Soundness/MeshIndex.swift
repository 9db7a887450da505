/// A mesh in order, cross-referenced: what several rules look up. Services and workloads are numbered by name.
struct MeshIndex: Sendable {
    /// The resources that claim one address; all of them are published (see `isPublished`).
    struct Claims: Sendable {
        /// Numbers of services, ascending.
        var services: [Int] = []
        /// Numbers of workloads on the standard network, ascending.
        var workloads: [Int] = []
    }

    /// Why a service waits outside the maps.
    enum Withholding: Hashable, Sendable {
        /// The service of its waypoint is not in the mesh.
        case unknown
        /// The service of its waypoint has no address.
        case noAddress
        /// The service of its waypoint waits itself.
        case waits
        /// The services of the waypoints wait for each other.
        case cycle
    }

    /// The mesh itself.
    let mesh: Mesh
    /// By name.
    let services: [Service]
    /// By uid.
    let workloads: [Workload]
    /// Number of each service.
    let serviceNumbers: [ServiceName: Int]
    /// Numbers of the workloads of each service, ascending.
    let members: [[Int]]
    /// Why each service is not published, nil for one that is.
    let serviceWithholding: [Withholding?]
    /// Why each workload is not published, nil for one that is.
    let workloadWithholding: [Withholding?]
    /// Who claims each address, as the frontends do: the network does not count.
    let claims: [IPAddress: Claims]
    /// Names of known nodes and of nodes that workloads name, ordered.
    let nodeNames: [String]
    /// The number of the first workload on each node that has one.
    let firstWorkload: [String: Int]

    /// Reads a mesh once.
    init(_ mesh: Mesh) {
        self.mesh = mesh
        let services = mesh.sortedServices
        let workloads = mesh.sortedWorkloads
        let numbers = Dictionary(
            services.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let withholding = Self.withholding(of: services, numbers)

        var members = [[Int]](repeating: [], count: services.count)
        var firstWorkload: [String: Int] = [:]
        var workloadWithholding: [Withholding?] = []
        workloadWithholding.reserveCapacity(workloads.count)
        var claims: [IPAddress: Claims] = [:]
        claims.reserveCapacity(services.count + workloads.count)
        for (number, service) in services.enumerated() where withholding[number] == nil {
            for address in service.addresses where claims[address.address]?.services.last != number {
                claims[address.address, default: Claims()].services.append(number)
            }
        }
        for (number, workload) in workloads.enumerated() {
            for name in workload.services.keys {
                if let service = numbers[name] { members[service].append(number) }
            }
            if !workload.node.isEmpty, firstWorkload[workload.node] == nil { firstWorkload[workload.node] = number }
            let cause = Self.withholding(by: workload.waypoint, services, numbers, withholding)
            workloadWithholding.append(cause)
            guard cause == nil, workload.networkMode == .standard else { continue }
            for address in workload.addresses where claims[address]?.workloads.last != number {
                claims[address, default: Claims()].workloads.append(number)
            }
        }
        self.services = services
        self.workloads = workloads
        serviceNumbers = numbers
        serviceWithholding = withholding
        self.members = members
        self.workloadWithholding = workloadWithholding
        self.claims = claims
        self.firstWorkload = firstWorkload
        nodeNames = Set(mesh.nodes.keys).union(firstWorkload.keys).sorted()
    }

    // MARK: What waits for its waypoint

    /// Follows each service's waypoint by name; one step per service, since each has at most one waypoint.
    private static func withholding(of services: [Service], _ numbers: [ServiceName: Int]) -> [Withholding?] {
        var result = [Withholding?](repeating: nil, count: services.count)
        var isDone = [Bool](repeating: false, count: services.count)
        var isOnPath = [Bool](repeating: false, count: services.count)
        for start in services.indices where !isDone[start] {
            var path: [Int] = []
            var current: Int? = start
            while let number = current, !isDone[number], !isOnPath[number] {
                isOnPath[number] = true
                path.append(number)
                current = services[number].waypoint?.serviceName.flatMap { numbers[$0] }
            }
            if let number = current, isOnPath[number], let entry = path.firstIndex(of: number) {
                for member in path[entry...] {
                    result[member] = .cycle
                    isDone[member] = true
                }
            }
            for number in path.reversed() {
                isOnPath[number] = false
                if isDone[number] { continue }
                result[number] = withholding(by: services[number].waypoint, services, numbers, result)
                isDone[number] = true
            }
        }
        return result
    }

    private static func withholding(
        by waypoint: Gateway?, _ services: [Service], _ numbers: [ServiceName: Int], _ known: [Withholding?]
    ) -> Withholding? {
        guard let name = waypoint?.serviceName else { return nil }
        guard let number = numbers[name] else { return .unknown }
        if known[number] != nil { return .waits }
        return services[number].addresses.isEmpty ? .noAddress : nil
    }
}

extension Gateway {
    /// The name of the waypoint's service, nil for a waypoint by address.
    var serviceName: ServiceName? {
        if case .service(let name) = destination { return name }
        return nil
    }
}
