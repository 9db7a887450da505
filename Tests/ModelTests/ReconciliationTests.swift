import KernelABI
import Model
import TestSupport
import Testing

/// A service with endpoints, in maps of its own or beside others.
private struct Sample {
    var store: MapStore

    init(_ capacities: MapCapacities = .upstream) { store = MapStore(capacities: capacities) }

    /// The virtual IP of a service, 10.96.0.x.
    static func address(_ service: UInt8) -> IPAddress { .v4(0x0A60_0000 | UInt32(service)) }

    /// Sets a service with an address, and endpoints at priority 0.
    mutating func set(
        _ service: UInt8, _ endpoints: [ResourceID], port: UInt16 = 80, policy: UInt32 = 0, id: ResourceID? = nil
    ) throws {
        let id = id ?? ResourceID(service)
        var value = ServiceValue()
        value.endpointCounts[0] = UInt32(endpoints.count)
        value.servicePorts[0] = mapPort(port)
        value.lb_policy = policy
        try store.put(.service(ServiceKey(service_id: id), value))
        for (index, uid) in endpoints.enumerated() {
            let key = EndpointKey(service_id: id, prio: 0, backend_index: UInt32(index + 1))
            try store.put(.endpoint(key, EndpointValue(backend_uid: uid)))
            if store.backend.lookup(BackendKey(backend_uid: uid)) == nil { try setBackend(uid) }
        }
        try store.put(.frontend(FrontendKey(Self.address(service)), FrontendValue(upstream_id: id)))
    }

    mutating func setBackend(_ uid: ResourceID, address: UInt32? = nil, waypointPort: UInt16 = 0) throws {
        var value = BackendValue(addr: .v4(address ?? 0x0A00_0000 | uid))
        value.waypoint_port = mapPort(waypointPort)
        if waypointPort != 0 { value.wp_addr = MapAddress(Self.address(200)) }
        try store.put(.backend(BackendKey(backend_uid: uid), value))
    }

    mutating func setIPv6Backend(_ uid: ResourceID) throws {
        let value = BackendValue(addr: .v6(high: 0xfd00_0000_0000_0000, low: UInt64(uid)))
        try store.put(.backend(BackendKey(backend_uid: uid), value))
    }

    static func make(
        in capacities: MapCapacities = .upstream, _ body: (inout Sample) throws -> Void
    ) rethrows -> MapStore {
        var sample = Sample(capacities)
        try body(&sample)
        return sample.store
    }
}

/// One pair of maps and what the plan between them looks like.
private struct PlanCase: CustomTestStringConvertible {
    var testDescription: String
    var actual: @Sendable (inout Sample) throws -> Void
    var desired: @Sendable (inout Sample) throws -> Void
    /// Map operations and barriers.
    var puts: Int
    var deletes: Int
    var barriers: Int
}

private let planCases = [
    PlanCase(
        testDescription: "nothing differs", actual: { try $0.set(1, [101]) }, desired: { try $0.set(1, [101]) },
        puts: 0, deletes: 0, barriers: 0),
    PlanCase(
        testDescription: "nothing is there", actual: { _ in }, desired: { try $0.set(1, [101, 102]) },
        puts: 6, deletes: 0, barriers: 1),
    PlanCase(
        testDescription: "all goes", actual: { try $0.set(1, [101]) }, desired: { _ in },
        puts: 0, deletes: 4, barriers: 2),
    PlanCase(
        testDescription: "another policy is one write", actual: { try $0.set(1, [101]) },
        desired: { try $0.set(1, [101], policy: 2) }, puts: 1, deletes: 0, barriers: 1),
    PlanCase(
        testDescription: "an appended endpoint needs no stand-in", actual: { try $0.set(1, [101]) },
        desired: { try $0.set(1, [101, 102]) }, puts: 3, deletes: 0, barriers: 1),
    PlanCase(
        testDescription: "endpoints in another order need no stand-in", actual: { try $0.set(1, [101, 102]) },
        desired: { try $0.set(1, [102, 101]) }, puts: 2, deletes: 0, barriers: 1),
    PlanCase(
        // While they change places one is missing, and it may be the only one that a client can use.
        testDescription: "endpoints of two families in another order need a stand-in",
        actual: {
            try $0.setIPv6Backend(102)
            try $0.set(1, [101, 102])
        },
        desired: {
            try $0.setIPv6Backend(102)
            try $0.set(1, [102, 101])
        }, puts: 7, deletes: 3, barriers: 3),
    PlanCase(
        // Stand-in: slot, value, address; itself: slot, value, address, and a slot and the backend go.
        testDescription: "a lost endpoint needs a stand-in", actual: { try $0.set(1, [101, 102]) },
        desired: { try $0.set(1, [102]) }, puts: 6, deletes: 4, barriers: 3),
    PlanCase(
        testDescription: "a backend that only addresses lead to changes in one write",
        actual: {
            try $0.setBackend(101)
            try $0.store.put(.frontend(FrontendKey(Sample.address(9)), FrontendValue(upstream_id: 101)))
        },
        desired: {
            try $0.setBackend(101, waypointPort: 80)
            try $0.store.put(.frontend(FrontendKey(Sample.address(9)), FrontendValue(upstream_id: 101)))
        }, puts: 1, deletes: 0, barriers: 1),
    PlanCase(
        testDescription: "the DNS proxy comes", actual: { _ in }, desired: { try $0.setBackend(0) },
        puts: 1, deletes: 0, barriers: 1),
    PlanCase(
        testDescription: "the DNS proxy goes", actual: { try $0.setBackend(0) }, desired: { _ in },
        puts: 0, deletes: 1, barriers: 1),
    PlanCase(
        // The service's own entries are complete already: the address moves back, and what stood in goes.
        testDescription: "an address that a crashed run left at a stand-in",
        actual: {
            try $0.set(1, [101])
            try $0.set(1, [101], id: .max)
        }, desired: { try $0.set(1, [101]) }, puts: 1, deletes: 2, barriers: 2),
    PlanCase(
        testDescription: "a stand-in of a crashed run that nothing leads to",
        actual: {
            try $0.set(1, [101], id: .max)
            try $0.set(1, [101])
        }, desired: { try $0.set(1, [101]) }, puts: 0, deletes: 2, barriers: 2),
]

@Suite struct ReconciliationTests {
    @Test(arguments: planCases)
    private func planHasOnlyWhatIsNeeded(_ c: PlanCase) throws {
        let (actual, desired) = (try Sample.make(c.actual), try Sample.make(c.desired))
        let plan = try Reconciliation(from: actual, to: desired)
        #expect(plan.isHitless)
        #expect(plan.writes.count(where: \.isPut) == c.puts)
        #expect(plan.writes.count(where: \.isDelete) == c.deletes)
        #expect(plan.writes.count(where: \.isBarrier) == c.barriers)
        var store = actual
        for write in plan.writes { try store.apply(write) }
        #expect(store.differences(from: desired).isEmpty)
    }

    @Test func oneBarrierServesManyServices() throws {
        let actual = try Sample.make { for service in UInt8(1)...100 { try $0.set(service, [101, 102]) } }
        let desired = try Sample.make { for service in UInt8(1)...100 { try $0.set(service, [102]) } }
        let plan = try Reconciliation(from: actual, to: desired)
        #expect(plan.isHitless)
        #expect(plan.writes.count(where: \.isBarrier) == 3)
    }

    @Test func standInsHaveUnusedIDs() throws {
        let names = try NameTable(serialized: "\(ResourceID.max)\ta\n\(ResourceID.max - 2)\tb\n")
        let actual = try Sample.make {
            try $0.set(1, [101, 102])
            try $0.set(2, [ResourceID.max - 1])
        }
        let desired = try Sample.make {
            try $0.set(1, [102])
            try $0.set(2, [ResourceID.max - 1])
        }
        let plan = try Reconciliation(from: actual, to: desired, names: names)
        let ids = plan.writes.compactMap { if case .put(.service(let key, _)) = $0 { key.service_id } else { nil } }
        #expect(ids == [ResourceID.max - 3, 1])
    }

    // MARK: Room

    private func capacities(service: Int = 10, endpoint: Int = 10, backend: Int = 10) -> MapCapacities {
        MapCapacities(
            frontend: 10, service: service, endpoint: endpoint, backend: backend, manage: 1, nodeInfo: 1)
    }

    @Test func withoutRoomForAStandInAServiceIsExposed() throws {
        let tight = capacities(service: 2)
        let actual = try Sample.make(in: tight) {
            try $0.set(1, [101, 102])
            try $0.set(2, [101])
        }
        let desired = try Sample.make(in: tight) {
            try $0.set(1, [102])
            try $0.set(2, [101, 102])
        }
        let plan = try Reconciliation(from: actual, to: desired)
        #expect(plan.exposed == [1])
        #expect(plan.shortMaps == [.service])
        var store = actual
        for write in plan.writes { try store.apply(write) }
        #expect(store.differences(from: desired).isEmpty)
    }

    @Test func whatFitsOnlyAfterDeletesIsExposedAsAWhole() throws {
        let tight = capacities(backend: 2)
        let actual = try Sample.make(in: tight) { try $0.set(1, [101, 102]) }
        let desired = try Sample.make(in: tight) { try $0.set(1, [103, 104]) }
        let plan = try Reconciliation(from: actual, to: desired)
        #expect(!plan.isHitless)
        #expect(plan.shortMaps == [.backend])
        var store = actual
        for write in plan.writes { try store.apply(write) }
        #expect(store.differences(from: desired).isEmpty)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let desired = try Sample.make { try $0.set(1, [101, 102]) }
        #expect(throws: ReconciliationError.mapTooSmall(map: .endpoint, capacity: 1, needed: 2)) {
            try Reconciliation(from: MapStore(capacities: capacities(endpoint: 1)), to: desired)
        }
    }

    // MARK: Differences

    @Test func differencesHaveNames() throws {
        let names = try NameTable(serialized: "1\tns/web\n")
        let actual = try Sample.make { try $0.set(1, [101, 102]) }
        let desired = try Sample.make {
            try $0.set(1, [101])
            try $0.set(2, [101])
        }
        #expect(
            actual.differences(from: desired).map { $0.text(names: names) } == [
                "km_frontend 10.96.0.2: missing", "km_service ns/web: changed", "km_service 2: missing",
                "km_endpoint ns/web priority 0 index 2: surplus", "km_endpoint 2 priority 0 index 1: missing",
                "km_backend 102: surplus",
            ])
    }
}

extension MapWrite {
    fileprivate var isPut: Bool { if case .put = self { true } else { false } }
    fileprivate var isDelete: Bool { if case .delete = self { true } else { false } }
    fileprivate var isBarrier: Bool { if case .barrier = self { true } else { false } }
}
