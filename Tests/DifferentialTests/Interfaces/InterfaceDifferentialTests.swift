import KernelTestSupport
import Model
import Testing

extension DifferentialTests {
    /// How packets can end at a node's interfaces, one option or the other.
    private static let reachable: [Reason] = [
        .notIP, .markedForPeer, .notForPeer, .decrypted, .espFromPeer, .espUnmarked, .inClear, .strayMarkCleared,
        .clearFromPeer, .unreadablePassed, .unreadableDropped,
    ]

    /// The presets, and their options mixed.
    private static let interfaceOptions: [DataplaneOptions] = {
        var (walking, refusing) = (DataplaneOptions.upstream, DataplaneOptions.hardened)
        walking.tcParser = .headerChain
        refusing.tcParser = .fixedPlaces
        refusing.inboundState = .destination
        return [.upstream, .hardened, walking, refusing]
    }()

    /// Random maps, marks and frames through the programs at a node's interfaces. PACKETS=… runs more of them.
    @Test func theTwinsAgreeAtInterfaces() throws {
        let seed = Self.setting("SEED") ?? 1
        let packetCount = Int(Self.setting("PACKETS") ?? 50_000)
        let packetsEach = 100
        var seen: Set<Reason> = []
        var twins = try Self.interfaceOptions.map { (SimulatedInterfaces($0), try KernelInterfaces($0)) }
        for number in 0..<packetCount / packetsEach {
            let index = number % twins.count
            let test = InterfaceGenerator.drawn(
                seed &* 1_000_003 &+ UInt64(number), packetCount: packetsEach,
                hasTags: Self.interfaceOptions[index].tcParser == .headerChain)
            let kernel = twins[index].1
            try twins[index].0.set(test)
            try kernel.set(test.nodeInfo.map { (NodeInfoKey($0.prefix), $0.value) }, peers: test.peers)
            for packet in test.packets {
                let simulated = twins[index].0.run(packet)
                let real = try kernel.run(
                    packet.hook, packet.frame, tag: packet.tag, isSplit: packet.isSplit, packet.mark)
                guard simulated != real else { continue }
                Issue.record(
                    """
                    case \(number) of seed \(seed), options \(index): \(test)
                    \(packet)
                    the simulator: \(simulated)
                    the kernel: \(real)
                    """)
                return
            }
            let (simulated, real) = (twins[index].0.reasons, try kernel.reasons())
            #expect(simulated == real, "case \(number) of seed \(seed), options \(index): \(test)")
            guard simulated == real else { return }
            seen.formUnion(simulated.keys)
        }
        print("the twins agree on \(packetCount) packets at interfaces, seed \(seed)")
        let missing = Self.reachable.filter { !seen.contains($0) }
        #expect(missing.isEmpty, "no packet with seed \(seed) met \(missing)")
    }
}
