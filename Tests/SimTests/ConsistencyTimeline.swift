import KernelABI
import Model
import Sim

/// The values that one key has while the writes of a barrier-free segment pass.
private struct History<Value: BitwiseCopyable> {
    /// What it holds before the first write of the segment.
    var initial: Value?
    /// The number of writes after which it holds a value, ascending.
    var later: [(after: Int, value: Value?)] = []

    /// The values that a lookup can meet that has seen `position` writes, each with the least position that gives it.
    /// More writes may always pass later, so the least one stands for all.
    func choices(from position: Int) -> [(position: Int, value: Value?)] {
        var choices: [(position: Int, value: Value?)] = []
        var current = initial
        var index = 0
        while index < later.count, later[index].after <= position {
            current = later[index].value
            index += 1
        }
        choices.append((position, current))
        for (after, value) in later[index...] where !choices.contains(where: { Self.isSame($0.value, value) }) {
            choices.append((after, value))
        }
        return choices
    }

    private static func isSame(_ a: Value?, _ b: Value?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return sameBytes(a, b)
    }
}

/// The maps of one barrier-free segment of a change, as a lookup meets them while writes fall between its steps.
///
/// Which writes pass before each step is a list of choices. `advance` moves to the next list, depth first, so that all
/// lists that differ in what the lookup reads are visited.
struct Timeline: MapAccess {
    private var store: MapStore
    /// By what the key's bytes are: an IPv6 address that ends in zeros is an IPv4 one.
    private var frontends: [IPAddress: History<FrontendValue>] = [:]
    private var services: [ResourceID: History<ServiceValue>] = [:]
    private var endpoints: [[UInt32]: History<EndpointValue>] = [:]
    private var backends: [ResourceID: History<BackendValue>] = [:]
    private var alternatives: [ResourceID: History<BackendAlternative>] = [:]
    private var ports: [[UInt32]: History<ServicePortValue>] = [:]

    /// How many writes have passed.
    private(set) var position = 0
    private var step = 0
    private var schedule: [(choice: Int, count: Int)] = []
    private var random: SplitMix64?

    /// - Parameter writes: applied to `store`, which then holds what follows the segment.
    init(_ store: inout MapStore, _ writes: some Sequence<MapWrite>) throws {
        self.store = store
        for (index, write) in writes.enumerated() {
            record(write, after: index + 1)
            try store.apply(write)
        }
    }

    /// The maps at rest.
    init(_ store: MapStore) { self.store = store }

    private mutating func record(_ write: MapWrite, after: Int) {
        switch write {
        case .barrier: preconditionFailure("a segment has no barrier")
        case .put(.frontend(let key, let value)):
            add(&frontends, key.addr.address, value, after, store.frontend(key.addr.address))
        case .delete(.frontend(let key)):
            add(&frontends, key.addr.address, nil, after, store.frontend(key.addr.address))
        case .put(.service(let key, let value)):
            add(&services, key.service_id, value, after, store.service(key.service_id))
        case .delete(.service(let key)): add(&services, key.service_id, nil, after, store.service(key.service_id))
        case .put(.endpoint(let key, let value)): add(&endpoints, key.parts, value, after, store.endpoint(key))
        case .delete(.endpoint(let key)): add(&endpoints, key.parts, nil, after, store.endpoint(key))
        case .put(.backend(let key, let value)):
            add(&backends, key.backend_uid, value, after, store.backend(key.backend_uid))
        case .delete(.backend(let key)): add(&backends, key.backend_uid, nil, after, store.backend(key.backend_uid))
        case .put(.backendAlternative(let key, let value)):
            add(&alternatives, key.backend_uid, value, after, store.backendAlternative(key.backend_uid))
        case .delete(.backendAlternative(let key)):
            add(&alternatives, key.backend_uid, nil, after, store.backendAlternative(key.backend_uid))
        case .put(.servicePort(let key, let value)): add(&ports, key.parts, value, after, store.servicePort(key))
        case .delete(.servicePort(let key)): add(&ports, key.parts, nil, after, store.servicePort(key))
        case .put(.manage), .put(.nodeInfo), .delete(.manage), .delete(.nodeInfo): break
        }
    }

    private func add<Key: Hashable, Value>(
        _ histories: inout [Key: History<Value>], _ key: Key, _ value: Value?, _ after: Int, _ initial: Value?
    ) {
        histories[key, default: History(initial: initial)].later.append((after, value))
    }

    // MARK: Schedules

    /// Back to the start, with the same schedule.
    mutating func rewind() {
        position = 0
        step = 0
    }

    /// From now on each schedule is drawn, none is enumerated.
    mutating func drawSchedules(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Moves to the next schedule.
    /// - Returns: false when all were visited; the first one is then set again.
    mutating func advance() -> Bool {
        rewind()
        while let last = schedule.popLast() {
            guard last.choice + 1 < last.count else { continue }
            schedule.append((last.choice + 1, last.count))
            return true
        }
        return false
    }

    private mutating func take<Value>(_ history: History<Value>?, _ still: Value?) -> Value? {
        guard let history else { return still }
        let choices = history.choices(from: position)
        guard choices.count > 1 else { return choices[0].value }
        if random != nil, let draw = random?.next() {
            let taken = choices[Int(draw % UInt64(choices.count))]
            position = taken.position
            return taken.value
        }
        if step == schedule.count { schedule.append((0, choices.count)) }
        let taken = choices[schedule[step].choice]
        step += 1
        position = taken.position
        return taken.value
    }

    // MARK: MapAccess

    mutating func managed(_ key: ManageKey) -> ManageValue? { ManageValue(state: 0) }
    mutating func manage(_ key: ManageKey) {}
    mutating func release(_ key: ManageKey) {}
    mutating func frontend(_ address: IPAddress) -> FrontendValue? {
        take(frontends[MapAddress(address).address], store.frontend(address))
    }
    mutating func service(_ id: ResourceID) -> ServiceValue? { take(services[id], store.service(id)) }
    mutating func endpoint(_ key: EndpointKey) -> EndpointValue? { take(endpoints[key.parts], store.endpoint(key)) }
    mutating func backend(_ uid: ResourceID) -> BackendValue? { take(backends[uid], store.backend(uid)) }
    mutating func backendAlternative(_ uid: ResourceID) -> BackendAlternative? {
        take(alternatives[uid], store.backendAlternative(uid))
    }
    mutating func servicePort(_ key: ServicePortKey) -> ServicePortValue? {
        take(ports[key.parts], store.servicePort(key))
    }
}

extension EndpointKey {
    fileprivate var parts: [UInt32] { [service_id, prio, backend_index] }
}

extension ServicePortKey {
    fileprivate var parts: [UInt32] { [service_id, service_port] }
}
