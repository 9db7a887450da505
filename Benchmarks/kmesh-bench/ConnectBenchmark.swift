import BenchmarkSupport
import KernelABI
import Model
import ReferenceLookup
import Sim

/// One connect decision after the other, to service addresses in random order, each on a new socket.
struct ConnectBenchmark {
    static let cookie: UInt64 = 4_026_531_840

    private var maps: MapStore
    private let reference: [SocketAddress]

    init(_ sample: SampleMesh) throws {
        maps = try sample.compiled().maps
        try maps.manage.update(ManageKey(cookie: Self.cookie), to: ManageValue(state: 0))
        reference = (0..<sample.serviceCount).map { SocketAddress(sample.virtualIP($0), port: 80) }
    }

    /// Nanoseconds a connect, by round.
    struct Times {
        var plain: [Double] = []
        var peer: [Double] = []
        var traced: [Double] = []
    }

    /// Measures in rounds that take turns, so that what disturbs one disturbs all.
    mutating func run(rounds: Int, count: Int) -> Times {
        let peer = ReferenceMaps(maps)
        let destinations = reference.map { destination in
            guard case .v4(let bits) = destination.address else { preconditionFailure("\(destination)") }
            return reference_destination(address: bits, port: destination.port, pad: 0)
        }
        var times = Times()
        for round in 0..<rounds {
            let seed = UInt64(round) &+ 1
            var sums: (plain: UInt64, peer: UInt64) = (0, 0)
            times.plain.append(Clock.nanoseconds(per: count) { sums.plain = connect(seed: seed, count: count) })
            times.peer.append(
                Clock.nanoseconds(per: count) {
                    sums.peer = peer.connect(
                        cookie: Self.cookie, destinations: destinations, seed: seed, count: count)
                })
            precondition(sums.plain == sums.peer, "the C peer reaches other destinations, seed \(seed)")
            let tracedCount = count / 4
            times.traced.append(
                Clock.nanoseconds(per: tracedCount) { _ = connectTraced(seed: seed, count: tracedCount) })
        }
        return times
    }

    private mutating func connect(seed: UInt64, count: Int) -> UInt64 {
        var loop = Loop(seed: seed)
        let hook = ConnectHook(options: .hardened)
        var recorder = NoTrace()
        for number in 0..<count {
            let call = loop.call(number, to: reference)
            var storage: SocketStorage?
            let decision = hook.connect4(
                call, maps: &maps, storage: &storage, generator: &loop.generator, recorder: &recorder)
            loop.add(decision, storage)
        }
        return loop.checksum
    }

    private mutating func connectTraced(seed: UInt64, count: Int) -> UInt64 {
        var loop = Loop(seed: seed)
        let hook = ConnectHook(options: .hardened)
        var recorder = Trace()
        for number in 0..<count {
            recorder.removeAll()
            let call = loop.call(number, to: reference)
            var storage: SocketStorage?
            let decision = hook.connect4(
                call, maps: &maps, storage: &storage, generator: &loop.generator, recorder: &recorder)
            precondition(recorder.steps.count == 8, "\(recorder.steps.count) steps")
            loop.add(decision, storage)
        }
        return loop.checksum
    }
}

/// What the loops of the simulator and of C have in common: the draws and the checksum.
private struct Loop {
    var chooser: SplitMix64
    var generator: SplitMix64
    var checksum: UInt64 = 0

    init(seed: UInt64) {
        chooser = SplitMix64(seed: ~seed)
        generator = SplitMix64(seed: seed)
    }

    mutating func call(_ number: Int, to destinations: [SocketAddress]) -> SocketCall {
        let index = Int((UInt64(chooser.draw()) &* UInt64(destinations.count)) >> 32)
        return SocketCall(
            cookie: ConnectBenchmark.cookie, destination: destinations[index], isTCP: true, now: UInt64(number))
    }

    mutating func add(_ decision: ConnectDecision, _ storage: SocketStorage?) {
        guard case .v4(let bits) = decision.destination.address, let storage else { return }
        checksum = (checksum ^ (UInt64(bits) << 16 | UInt64(decision.destination.port))) &* 0x100_0000_01B3
        checksum &+= UInt64(storage.original_dst.ipv4.daddr) &+ storage.connect_ns
    }
}
