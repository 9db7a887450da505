import Model
import TestSupport
import Testing

@testable import Sim

struct DecryptionPacketTests {
    private let scene = DecryptionScene()

    @Test func gapsAreToldAndLatePacketsFillThem() throws {
        let frames = try [3, 4, 9, 6, 12, 10].map { try scene.frame(.esp, scene.esp($0)) }
        let report = try decrypt(frames, scene.plan)
        let state = try #require(report.associations.first)
        #expect(state.numbers.first == 3 && state.numbers.last == 12)
        #expect(state.numbers.gaps == [5...5, 7...8, 11...11] && report.isSuccess)
    }

    @Test func extendedNumbersAreFollowedAcrossTheirLowHalf() throws {
        let scene = DecryptionScene(hasExtendedSequence: true, highest: 4 << 32)
        let start: UInt64 = 0x3_ffff_fff0
        let frames = try (start...start + 32).map { try scene.frame(.esp, scene.esp($0)) }
        let report = try decrypt(frames, scene.plan)
        #expect(report[.decrypted] == 33)
        #expect(report.associations.first?.numbers.ranges == [start...start + 32])
    }

    @Test func unknownAndUnsupportedStatesAreToldApart() throws {
        let unknown = [0, 0, 0, 9] + (try scene.esp(1)).dropFirst(4)
        let foreign = [0, 0, 0, 6] + (try scene.esp(1)).dropFirst(4)
        let report = try decrypt([unknown, foreign].map { try scene.frame(.esp, $0) }, scene.plan)
        #expect(report[.unknownSPI] == 1 && report[.foreign] == 1)
        #expect(report.strangers.map(\.reason) == [nil, "enc cbc(aes)"])
    }

    @Test func whatTheCaptureCutsOffIsNotJudged() throws {
        let frame = try scene.frame(.esp, scene.esp(1))
        let report = try decrypt([Array(frame.dropLast(4)), frame], scene.plan, isCut: true)
        #expect(report[.cut] == 1 && report[.decrypted] == 1)
        // The same without a snap length that explains it.
        #expect(try decrypt([Array(frame.dropLast(4))], scene.plan)[.malformedESP] == 1)
    }

    /// A hostile capture gives failures, never a trap.
    @Test func noPacketIsFatal() throws {
        try forEachSeed(count: 60) { seed in
            var random = SplitMix64(seed: seed)
            let scene = DecryptionScene(port: 4501, family: random.isOneIn(2) ? .v4 : .v6)
            let good =
                try [
                    scene.frame(.esp, scene.esp(1)), scene.frame(.udp, scene.udp(scene.esp(2), to: 4501)),
                ] + scene.fragments(scene.udp(scene.esp(3)), .udp, size: 32)
            var frames: [[UInt8]] = []
            for _ in 0..<200 {
                var frame = good[random.below(good.count)]
                for _ in 0...random.below(4) {
                    frame[14 + random.below(frame.count - 14)] = UInt8(truncatingIfNeeded: random.next())
                }
                frames.append(Array(frame.prefix(14 + random.below(frame.count - 13))))
            }
            let report = try decrypt(frames, scene.plan, isCut: random.isOneIn(2))
            #expect(report.packetCount == 200, "seed \(seed)")
        }
    }
}

struct DecryptionUDPTests {
    @Test func espInUDPIsToldFromKeepalivesAndKeyExchange() throws {
        let scene = DecryptionScene()
        let contents = [try scene.esp(1), [0xff], [0, 0, 0, 0, 1, 2], try scene.esp(2)]
        let frames = try contents.map { try scene.frame(.udp, scene.udp($0)) }
        let report = try decrypt(frames, scene.plan)
        #expect(report[.decrypted] == 2 && report[.keepalive] == 1 && report[.keyExchange] == 1)
        let other = try decrypt([scene.frame(.udp, scene.udp([7], from: 53, to: 53))], scene.plan)
        #expect(other[.clear] == 1)
    }

    @Test func theStatesPortsAreTakenBesideTheUsualOne() throws {
        let scene = DecryptionScene(port: 4501)
        let frames = try [
            scene.frame(.udp, scene.udp(scene.esp(1), from: 4501, to: 4501)),
            // Behind a translation of addresses the sender's port is another.
            scene.frame(.udp, scene.udp(scene.esp(2), from: 1024, to: 4501)),
            scene.frame(.udp, scene.udp(scene.esp(3))),
            scene.frame(.udp, scene.udp([0xff], from: 4501, to: 4501)),
            // The port of one end is not that of all.
            scene.frame(.udp, scene.udp(scene.esp(4), from: 1024, to: 4501), to: "10.0.0.3"),
        ]
        let report = try decrypt(frames, scene.plan)
        #expect(report[.decrypted] == 3 && report[.keepalive] == 1 && report[.clear] == 1)
    }

    /// Whatever a pod sends from port 4500 to a pod of another node has to be encrypted.
    @Test func betweenPodsEveryUDPPacketIsInClear() throws {
        let scene = DecryptionScene()
        for contents in [[0, 0, 0, 0] + Array("secret".utf8), [0xff], try scene.esp(1)] {
            let frame = try scene.frame(.udp, scene.udp(contents), from: "10.244.1.2", to: "10.244.2.2")
            let report = try decrypt([frame], scene.plan)
            #expect(report[.leak] == 1 && report.packetCount == 1, "\(contents.count) bytes")
        }
    }
}

struct DecryptionClearTests {
    private let scene = DecryptionScene()

    private func clear(
        _ source: String = "10.244.1.2", _ destination: String = "10.244.2.3", contents: [UInt8] = [1, 2, 3]
    ) throws -> [UInt8] {
        try scene.frame(.udp, scene.udp(contents, from: 1, to: 80), from: source, to: destination)
    }

    @Test func packetsBetweenPodsOfOneNodeAreNoLeaks() throws {
        let frames = [
            try clear("10.244.1.2", "10.244.1.3"), try clear(), try clear("10.244.1.2", "8.8.8.8"),
            try clear("10.0.0.1", "10.244.2.3"),
        ]
        let report = try decrypt(frames, scene.plan)
        #expect(report[.leak] == 1 && report[.clear] == 3)
        #expect(report.leaks.first?.first.number == 2 && report.leaks.first?.packetCount == 1)
    }

    /// The addresses decide, whatever the rest is.
    @Test func whatCannotBeParsedBetweenPodsIsALeakToo() throws {
        func frame(_ contents: [UInt8]) throws -> [UInt8] {
            try scene.frame(.tcp, contents, from: "10.244.1.2", to: "10.244.2.3")
        }
        // No TCP header, one that says 60 bytes, and one of which the capture has a part.
        let wrongOffset = [UInt8](repeating: 0, count: 12) + [0xf0, 0x10, 0, 0, 0, 0, 0, 0]
        let report = try decrypt([frame([1, 2, 3]), frame(wrongOffset)], scene.plan)
        #expect(report[.leak] == 2)
        let whole = try frame([UInt8](repeating: 0, count: 40))
        #expect(try decrypt([Array(whole.prefix(14 + 28))], scene.plan, isCut: true)[.leak] == 1)
    }

    /// A node's own interface shows a packet in ESP and then as it was decrypted.
    @Test func aCopyOfEachESPPacketIsExcusedOnceAndNotForLong() throws {
        let packet = try clear()
        let tunnelled = try scene.frame(.esp, scene.esp(1, inner: Array(packet.dropFirst(14))))
        let report = try decrypt([tunnelled, packet, packet], scene.plan)
        #expect(report[.copy] == 1 && report.copies.first?.first.number == 2)
        #expect(report[.leak] == 1 && report.leaks.first?.first.number == 3)
        let other = try clear("10.244.1.2", "8.8.8.8")
        for (distance, isCopy) in [(0, true), (200, true), (400, false)] {
            let frames = [tunnelled] + Array(repeating: other, count: distance) + [packet]
            #expect(try decrypt(frames, scene.plan)[.copy] == (isCopy ? 1 : 0), "after \(distance)")
        }
        #expect(try decrypt([packet, tunnelled], scene.plan)[.leak] == 1)
    }
}
