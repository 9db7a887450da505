import GuestLayout
import Inputs
import Model
import Testing

/// What tests of several scenes say.
extension RecordedGuestScene {
    /// - Parameter count: Of pings.
    func expectNoLoss(atLeast count: Int) throws {
        #expect(try fact("sent", Int.self) >= count)
        #expect(try fact("lost", [String].self) == [])
    }

    func expectNoClearPacket() throws {
        let wire = try packets("wire")
        #expect(!wire.isEmpty && wire.allSatisfy(\.isESP), "\(wire.filter { !$0.isESP })")
    }

    /// A datagram from each pod to those of other nodes, and a stream from each, in both families.
    func expectTraffic(between pods: [GuestPod]) throws {
        for family in AddressFamily.both {
            let ways = pods.flatMap { pod in
                pods.filter { $0.node != pod.node }.map { "\(pod.name) > \($0.name)" }
            }
            #expect(try fact("heard-\(family)", [String].self) == ways.sorted())
            for pod in pods { #expect(try fact("stream-\(pod.name)-\(family)", Bool.self)) }
        }
    }

    /// Compares all packets with those of simulated nodes that have what the nodes published, under one key after another.
    func compare(keys spis: [UInt32], pods: [GuestPod]) throws {
        var simulated = try SimulatedGuest(self, options: .hardened, pods: pods)
        try simulated.applyRules(
            of: try published(),
            keys: try spis.map { try EncryptionKeyFile.key(parsing: GuestKeys.file(spi: $0), file: "key.json") })
        try simulated.run()
        try simulated.compare()
        try simulated.compareCounters()
    }
}
