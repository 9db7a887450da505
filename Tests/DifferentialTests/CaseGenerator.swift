import KernelABI
import Model
import TestSupport

/// Draws cases: half of them with maps that a compiler made, half with maps in which anything may be wrong.
struct CaseGenerator {
    var random: SplitMix64
    /// What every case of a group shares, because programs are loaded with it.
    let group: Group

    struct Group: Hashable, Sendable {
        var preset: Preset
        var changed: [OptionName: String]
        var probeSources: [IPAddress]
        var isMonitoring = true
        var hasPeriodicReports = false
    }

    init(seed: UInt64, group: Group) {
        random = SplitMix64(seed: seed)
        self.group = group
    }

    /// The presets as they are, with periodic reports and without any, then mixtures of their options.
    static let groupCount = 10

    /// The nth group.
    static func group(_ index: Int, seed: UInt64) -> Group {
        // The second namespace is the node's.
        let probes = AddressFamily.allCases.map { DifferentialCase.localAddress(1, $0) }
        if index < 6 {
            return Group(
                preset: Preset.allCases[index % 2], changed: [:], probeSources: index < 4 ? probes : [],
                isMonitoring: index < 4, hasPeriodicReports: index / 2 == 1)
        }
        var random = SplitMix64(seed: seed &+ UInt64(index))
        var changed: [OptionName: String] = [:]
        for name in OptionName.allCases where !name.rule.isEmpty || name == .extras {
            changed[name] = random.one(of: DataplaneOptions.choices(of: name))
        }
        return Group(
            preset: random.one(of: Preset.allCases), changed: changed, probeSources: probes,
            hasPeriodicReports: random.isOneIn(2))
    }

    mutating func next(caseSeed: UInt64) -> DifferentialCase {
        random = SplitMix64(seed: caseSeed)
        let isCompiled = random.isOneIn(3)
        let entries = isCompiled ? compiledEntries(caseSeed) : brokenEntries()
        var test = DifferentialCase(
            caseSeed: caseSeed, preset: group.preset, changed: group.changed, seed: random.next(),
            probeSources: group.probeSources, isMonitoring: group.isMonitoring, entries: entries,
            managed: [true, random.isOneIn(2)], steps: [])
        test.entries += managedAddresses(isCompiled)
        test.entries += dnsProxy()
        addSteps(to: &test, isCompiled)
        return test
    }

    // MARK: Maps that a compiler made

    private func compiledEntries(_ seed: UInt64) -> [MapWrite] {
        var meshes = MeshGenerator(seed: seed)
        var options = DataplaneOptions(group.preset)
        options.capacities = DifferentialCase.capacities
        var compiler = Compiler(node: MeshGenerator.node, options: options)
        return compiler.compile(Mesh().changes(to: meshes.mesh())).writes
    }

    // MARK: Maps in which anything may be wrong

    static let serviceIDs: [ResourceID] = Array(1...6)
    static let backendIDs: [ResourceID] = Array(101...109)
    static let virtualIPs: [IPAddress] =
        (1...6).map { .v4(0x0A60_0000 | $0) } + (1...3).map { .v6(high: 0xfd00_0096_0000_0000, low: $0) }
    /// With some whose bytes mislead: zero words, words that look like the other family.
    static let podAddresses: [IPAddress] =
        (1...6).map { .v4(0x0A00_0000 | $0) } + [
            .v6(high: 0xfd00_0000_0000_0000, low: 1), .v6(high: 0xfd00_0000_0000_0000, low: 2),
            .v6(high: 0, low: 0x5_0000_0007), .v6(high: 0x0A00_0009_0000_0000, low: 0),
        ]
    static let ports: [UInt16] = [80, 81, 443, 53, 8080]
    static let targetPorts: [UInt16] = [8080, 9090, 8443, 80]

    private mutating func brokenEntries() -> [MapWrite] {
        var writes: [MapWrite] = []
        for address in Self.virtualIPs + Self.podAddresses where !random.isOneIn(5) {
            let isVirtual = Self.virtualIPs.contains(address)
            let id =
                random.isOneIn(12)
                ? 77 : random.one(of: isVirtual != random.isOneIn(8) ? Self.serviceIDs : Self.backendIDs)
            writes.append(.put(.frontend(FrontendKey(address), FrontendValue(upstream_id: id))))
        }
        for id in Self.serviceIDs where !random.isOneIn(8) { addService(id, to: &writes) }
        for id in Self.backendIDs where !random.isOneIn(6) {
            writes.append(.put(.backend(BackendKey(backend_uid: id), backend())))
            if random.isOneIn(3) {
                let alternative = BackendAlternative(addr: MapAddress(random.one(of: Self.podAddresses)))
                writes.append(.put(.backendAlternative(BackendKey(backend_uid: id), alternative)))
            }
        }
        return writes
    }

    private mutating func addService(_ id: ResourceID, to writes: inout [MapWrite]) {
        writes.append(.put(.service(ServiceKey(service_id: id), service())))
        for priority in UInt32(0)..<7 where priority == 0 || random.isOneIn(3) {
            for index in UInt32(1)...4 where !random.isOneIn(5) {
                let key = EndpointKey(service_id: id, prio: priority, backend_index: index)
                let uid = random.isOneIn(10) ? 99 : random.one(of: Self.backendIDs)
                writes.append(.put(.endpoint(key, EndpointValue(backend_uid: uid))))
            }
        }
        if random.isOneIn(3) {
            let key = ServicePortKey(service_id: id, service_port: mapPort(random.one(of: Self.ports)))
            let value = ServicePortValue(target_port: mapPort(random.one(of: Self.targetPorts)))
            writes.append(.put(.servicePort(key, value)))
        }
    }

    private mutating func service() -> ServiceValue {
        var value = ServiceValue()
        value.lb_policy = random.isOneIn(12) ? random.one(of: [3, 4, 99]) : UInt32(random.below(3))
        var counts = InlineArray<7, UInt32>(repeating: 0)
        for priority in 0..<7 where priority == 0 ? !random.isOneIn(5) : random.isOneIn(3) {
            counts[priority] = random.isOneIn(6) ? random.one(of: [9, 12, 40, UInt32.max]) : UInt32(random.below(5))
        }
        value.endpointCounts = counts
        var (ports, targets) = (InlineArray<10, UInt32>(repeating: 0), InlineArray<10, UInt32>(repeating: 0))
        for index in 0..<random.below(5) {
            let place = random.isOneIn(4) ? random.below(10) : index
            ports[place] = mapPort(random.one(of: Self.ports))
            targets[place] = mapPort(random.one(of: Self.targetPorts))
        }
        value.servicePorts = ports
        value.targetPorts = targets
        if random.isOneIn(4) { (value.wp_addr, value.waypoint_port) = waypoint() }
        return value
    }

    private mutating func backend() -> BackendValue {
        var value = BackendValue(addr: random.one(of: Self.podAddresses))
        if random.isOneIn(5) { (value.wp_addr, value.waypoint_port) = waypoint() }
        return value
    }

    private mutating func waypoint() -> (MapAddress, UInt32) {
        let address =
            switch random.below(8) {
            case 0: MapAddress.zero
            case 1: MapAddress(.v6(high: 0, low: 9))
            case 2...4: MapAddress(random.one(of: Self.virtualIPs))
            default: MapAddress(random.one(of: Self.podAddresses))
            }
        return (address, random.isOneIn(6) ? 0 : mapPort(random.one(of: [15008, 80, 443])))
    }

    // MARK: Who is managed, DNS

    private mutating func managedAddresses(_ isCompiled: Bool) -> [MapWrite] {
        let own = [0, 1].flatMap { namespace in
            AddressFamily.allCases.map { DifferentialCase.localAddress(namespace, $0) }
        }
        let addresses = own + own + (isCompiled ? Self.meshAddresses : Self.podAddresses + Self.virtualIPs)
        return addresses.filter { _ in random.isOneIn(2) }.map {
            .put(.manage(ManageKey($0), ManageValue(state: random.isOneIn(4) ? 1 : 0)))
        }
    }

    private mutating func dnsProxy() -> [MapWrite] {
        guard !random.isOneIn(4) else { return [] }
        let address =
            random.isOneIn(6) ? IPAddress.v6(high: 0xfd00_0000_0000_0000, low: 53) : .v4(0x0A00_0035)
        return [.put(.backend(BackendKey(backend_uid: 0), BackendValue(addr: address)))]
    }

    /// Addresses of the meshes that are compiled.
    static let meshAddresses: [IPAddress] =
        (0..<3).flatMap { service in
            AddressFamily.allCases.flatMap { family in
                (0..<2).map { MeshGenerator.virtualIP(service, family, variant: $0) }
            }
        }
        + (0..<4).flatMap { workload in
            AddressFamily.allCases.map { MeshGenerator.podAddress(workload, $0) }
        } + [MeshGenerator.sharedAddress, .v4(0x0A09_0909)]
}
