import KernelABI
import KernelTestSupport
import Model

@testable import Live

/// km_xdp_ingress by itself, with frames that the test hands to it.
struct PacketRun: ~Copyable {
    struct Outcome: Equatable {
        var isPassed: Bool
        /// How the program counted the packet, and beside that.
        var reasons: [Reason: UInt64]
        /// The frame afterwards.
        var bytes: [UInt8]
    }

    static let small = AuthorizationCapacities(
        identities: 64, destinations: 16, rows: 4096, ranges: 4096, ranges6: 256, rules: 4096)

    let dataplane: Dataplane
    private let pins: TestPinDirectory

    init(_ preset: Preset = .hardened, _ change: (inout ProgramSettings) -> Void = { _ in }) throws {
        var settings = ProgramSettings(options: DataplaneOptions(preset))
        settings.options.capacities = MapCapacities(
            frontend: 64, service: 64, endpoint: 64, backend: 64, manage: 64, nodeInfo: 16)
        settings.authorizationCapacities = Self.small
        change(&settings)
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(settings, pins: PinDirectory(pins.path))
        self.dataplane = dataplane
        self.pins = pins
    }

    borrowing func run(_ frame: [UInt8]) throws -> Outcome {
        let before = try counts()
        let result = try dataplane.tryIngress(frame)
        let after = try counts()
        let changes = after.compactMap { reason, count in
            count > before[reason, default: 0] ? (reason, count - before[reason, default: 0]) : nil
        }
        return Outcome(
            isPassed: result.isPassed, reasons: Dictionary(uniqueKeysWithValues: changes), bytes: result.bytes)
    }

    /// How the program ended with a frame, which is to be counted once and as one verdict says.
    borrowing func reason(_ frame: TestFrame) throws -> Reason? { try reason(frame.bytes) }

    borrowing func reason(_ frame: [UInt8]) throws -> Reason? {
        let outcome = try run(frame)
        let besides: Set<Reason> = [.dryRunDenies, .dryRunAllows, .denialUnreported]
        let reasons = outcome.reasons.filter { !besides.contains($0.key) }
        guard reasons.count == 1, let (reason, count) = reasons.first, count == 1 else { return nil }
        return outcome.isPassed == !Self.drops.contains(reason) ? reason : nil
    }

    private static let drops: Set<Reason> = [
        .deniedBefore, .deniedByPolicy, .deniedByDefault, .malformedDropped, .fragmentDropped, .policiesMissing,
    ]

    private borrowing func counts() throws -> [Reason: UInt64] {
        let counts = try dataplane.exitCounters.counts().filter { $0.hook == .xdpIngress }
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.reason, $0.count) })
    }

    /// Whether a frame gets in, whatever the reason.
    borrowing func isPassed(_ frame: TestFrame) throws -> Bool { try dataplane.tryIngress(frame.bytes).isPassed }

    /// Nanoseconds a frame takes.
    borrowing func nanoseconds(_ frame: TestFrame, repeats: Int32) throws -> UInt32 {
        try dataplane.tryIngress(frame.bytes, repeatCount: repeats).nanoseconds
    }

    borrowing func apply(_ writes: [AuthorizationWrite]) throws { _ = try dataplane.authorization.apply(writes) }

    /// A map of the programs that user space seldom touches.
    borrowing func map<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ name: String, capacity: Int, _ key: Key.Type, _ value: Value.Type
    ) throws -> KernelMap<Key, Value> {
        KernelMap(name: name, capacity: capacity, adopting: try dataplane.openMap(name))
    }
}
