import KernelABI
import KernelTestSupport
import Model
import Sim
import Synchronization

@testable import Live

/// The kernel's program, with frames that no interface received.
final class KernelIngress {
    private let pins: TestPinDirectory
    private let dataplane: Dataplane
    private let verdicts: KernelMap<UpstreamTuple, km_verdict_value>
    private let flows: KernelMap<UpstreamTuple, km_flow_value>
    private let fragments: KernelMap<km_fragment_key, km_verdict_value>
    private let denials: RingBuffer
    private let told: Told
    private var generationBase: UInt32 = 0
    /// Addresses in km_authz_dst, and such as were.
    private var judged: [MapAddress] = []
    private var before: [Reason: UInt64] = [:]
    private var passes: [Bool] = []

    /// What the program told.
    private final class Told: Sendable {
        let denials = Mutex<[PacketOutcome.Denial]>([])
    }

    init() throws {
        var settings = ProgramSettings(options: .hardened, probeSources: [PacketCase.probeSource])
        settings.options.capacities = MapCapacities(
            frontend: 64, service: 64, endpoint: 64, backend: 64, manage: 64, nodeInfo: 16)
        settings.authorizationCapacities = AuthorizationCapacities(
            identities: 256, destinations: 256, rows: 8192, ranges: 8192, ranges6: 4096, rules: 16_384)
        settings.denialsPerSecond = .max
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(settings, pins: PinDirectory(pins.path))
        let told = Told()
        verdicts = KernelMap(name: "km_verdict", capacity: 65_536, adopting: try dataplane.openMap("km_verdict"))
        flows = KernelMap(name: "km_flow", capacity: 65_536, adopting: try dataplane.openMap("km_flow"))
        fragments = KernelMap(name: "km_fragment", capacity: 8192, adopting: try dataplane.openMap("km_fragment"))
        denials = try RingBuffer("km_denial", adopting: try dataplane.openMap("km_denial")) { record in
            guard let denial = record.record(as: km_denial.self) else { return }
            told.denials.withLock { $0.append(PacketOutcome.Denial(denial)) }
        }
        self.pins = pins
        self.dataplane = dataplane
        self.told = told
    }

    /// Forgets policies and packets.
    func reset() throws {
        generationBase += 1000
        _ = try dataplane.authorization.apply([.setGeneration(generationBase)])
        try clear(dataplane.authorization.identities)
        try apply(judged.map { .deleteDestination($0) })
        judged = []
        try clear(verdicts)
        try clear(flows)
        try clear(fragments)
        before = try counts()
        passes = []
        try denials.consume()
        told.denials.withLock { $0 = [] }
    }

    private func clear<Key, Value>(_ map: borrowing KernelMap<Key, Value>) throws {
        var keys: [Key] = []
        try map.forEach { key, _ in keys.append(key) }
        for key in keys { try map.delete(key) }
    }

    func apply(_ writes: [AuthorizationWrite]) throws {
        // Each case's generations are its own: what processors have at hand of another's is stale.
        let own = writes.map { write in
            guard case .setGeneration(let generation) = write else { return write }
            return .setGeneration(generationBase + generation)
        }
        _ = try dataplane.authorization.apply(own)
        for case .putDestination(let address, _) in writes { judged.append(address) }
    }

    func open(_ flow: PacketFlow) throws {
        // The same 36 bytes as km_tuple.
        try flows.update(
            UpstreamTuple(source: flow.source, destination: flow.destination), to: km_flow_value(opened_ns: 1))
    }

    func receive(_ frame: [UInt8]) throws { passes.append(try dataplane.tryIngress(frame).isPassed) }

    /// What happened since `reset`.
    func takeOutcome() throws -> PacketOutcome {
        try denials.consume()
        let now = try counts()
        let changes = now.compactMap { reason, count in
            let change = count - before[reason, default: 0]
            return change > 0 ? (reason, change) : nil
        }
        return PacketOutcome(
            passes: passes, counts: Dictionary(uniqueKeysWithValues: changes),
            denials: told.denials.withLock { $0 })
    }

    private func counts() throws -> [Reason: UInt64] {
        let counts = try dataplane.exitCounters.counts().filter { $0.hook == .xdpIngress }
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.reason, $0.count) })
    }
}

extension PacketOutcome.Denial {
    init(_ denial: km_denial) {
        let isV6 = denial.is_ipv6 != 0
        func text(_ address: km_addr, _ port: UInt16) -> String {
            let address = isV6 ? address.asV6 : address.asV4
            return port == 0 ? "\(address)" : "\(SocketAddress(address, port: port))"
        }
        self.init(
            reason: Reason.allCases[Int(denial.reason)], policy: denial.has_rule != 0 ? denial.policy_id : nil,
            rule: denial.has_rule != 0 ? denial.rule : nil, identity: denial.identity,
            source: text(denial.source, denial.source_port),
            destination: text(denial.destination, denial.destination_port))
    }
}
