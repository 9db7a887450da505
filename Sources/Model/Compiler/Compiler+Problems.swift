import KernelABI

extension Compiler {
    /// Ports of a service that km_service has room for.
    static let listedPortCount = Int(KM_SERVICE_PORT_COUNT)
    /// Services of a workload that km_backend has room for.
    static let listedServiceCount = Int(KM_BACKEND_SERVICE_COUNT)

    /// What of the mesh the maps do not hold as it is meant, ordered by resource. Walks the whole mesh.
    public var problems: [Problem] {
        let names = names
        func sorted(_ ids: some Collection<ResourceID>) -> [ResourceID] {
            ids.sorted { (names.name(of: $0) ?? "", $0) < (names.name(of: $1) ?? "", $1) }
        }
        var problems: [Problem] = []
        for id in sorted(services.keys) { problems += serviceProblems(id) }
        for id in sorted(workloads.ids) { problems += workloadProblems(id) }
        for id in sorted(withheld.keys) { problems += withheldProblems(id) }
        for address in owners.keys.sorted() { problems += addressProblems(address) }
        return problems
    }

    private func serviceProblems(_ id: ResourceID) -> [Problem] {
        guard let service = services[id]?.service else { return [] }
        var problems: [Problem] = []
        if service.ports.count > Self.listedPortCount, options.extras == .drop {
            problems.append(
                .tooManyPorts(service.name, count: service.ports.count, kept: Self.listedPortCount))
        }
        // Without members there is nothing to resolve a name by, and nothing to reach.
        let isResolvable = options.namedPort == .servicePort || !(members[id]?.isEmpty ?? true)
        for port in service.ports where port.targetPort == 0 && !port.targetName.isEmpty && isResolvable {
            if let used = numberByEndpoints(of: port, id) {
                let numbers = numbersOfEndpoints(of: port, id)
                guard numbers.count > 1 else { continue }
                problems.append(
                    .ambiguousPort(service.name, port: port.servicePort, numbers: numbers, used: used))
                continue
            }
            problems.append(.unresolvedPort(service.name, port: port.servicePort, name: port.targetName))
        }
        return problems
    }

    private func numbersOfEndpoints(of port: ServicePort, _ id: ResourceID) -> [UInt16] {
        let ports = (members[id] ?? []).flatMap { uid in
            workloads[uid]?.services.first { $0.id == id }?.ports ?? []
        }
        return Set(ports.filter { $0.servicePort == port.servicePort && $0.targetPort != 0 }.map(\.targetPort)).sorted()
    }

    private func workloadProblems(_ id: ResourceID) -> [Problem] {
        guard let record = workloads[id], let value = record.value else { return [] }
        var problems: [Problem] = []
        let kept = value.addr.address
        let dropped = record.addresses.filter { $0 != kept && $0 != record.alternative }
        if !dropped.isEmpty { problems.append(.droppedAddress(record.uid, kept: kept, dropped: dropped)) }
        if record.services.count > Self.listedServiceCount {
            problems.append(.tooManyServices(record.uid, count: record.services.count))
        }
        return problems
    }

    private func withheldProblems(_ id: ResourceID) -> [Problem] {
        let (resource, waypoint) =
            switch withheld[id] {
            case .service(let service): (service.name.description, service.waypoint)
            case .workload(let workload): (workload.uid.text, workload.waypoint)
            case nil: ("", nil)
            }
        guard case .service(let name)? = waypoint?.destination else { return [] }
        // The waypoint may have come, but not the room.
        if let waiting = withheld[id], let problem = overflow(of: waiting) { return [problem] }
        return [.withheld(resource: resource, waypoint: name)]
    }

    private func addressProblems(_ address: IPAddress) -> [Problem] {
        guard let claims = owners[address], claims.all.count > 1, let owner = owner(of: address) else { return [] }
        let others = claims.all.filter { $0 != owner }.compactMap { names.name(of: $0) }
        return [.sharedAddress(address, owner: names.name(of: owner) ?? "", others: others.sorted())]
    }
}
