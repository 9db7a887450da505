import Model

extension SplitMix64 {
    /// A generator whose next draw is this number: the function of the generator, undone step by step.
    init(drawing draw: UInt32) {
        var z = UInt64(draw) << 32
        z ^= z >> 31 ^ z >> 62
        z &*= 0x3196_42B2_D24D_8EC3
        z ^= z >> 27 ^ z >> 54
        z &*= 0x96DE_1B17_3F11_9089
        z ^= z >> 30 ^ z >> 60
        self.init(seed: z &- 0x9E37_79B9_7F4A_7C15)
    }
}

/// Keeps only among how many each draw was, in the order in which a failover steps from one priority to the next.
struct DrawCounts: DecisionRecorder {
    private(set) var counts: [UInt32] = []

    mutating func record(_ step: @autoclosure () -> LookupStep) {
        if case .draw(_, let count) = step() { counts.append(count) }
    }

    mutating func removeAll() { counts.removeAll(keepingCapacity: true) }
}

/// Maps in which every client is managed, and that no connect changes.
struct ClientMaps: MapAccess {
    var store: MapStore

    func managed(_ key: ManageKey) -> ManageValue? { ManageValue(state: 0) }
    func manage(_ key: ManageKey) {}
    func release(_ key: ManageKey) {}
    func frontend(_ address: IPAddress) -> FrontendValue? { store.frontend(address) }
    func service(_ id: ResourceID) -> ServiceValue? { store.service(id) }
    func endpoint(_ key: EndpointKey) -> EndpointValue? { store.endpoint(key) }
    func backend(_ uid: ResourceID) -> BackendValue? { store.backend(uid) }
    func backendAlternative(_ uid: ResourceID) -> BackendAlternative? { store.backendAlternative(uid) }
    func servicePort(_ key: ServicePortKey) -> ServicePortValue? { store.servicePort(key) }
}
