import Model
import TestSupport
import Testing

@testable import Sim

/// What becomes of header fields on the way in and out of a tunnel.
@Suite struct NetworkHeaderTests {
    static let families = AddressFamily.allCases.flatMap { outer in
        AddressFamily.allCases.map { inner in Families(outer: outer, inner: inner) }
    }

    struct Families: CustomTestStringConvertible {
        var outer: AddressFamily
        var inner: AddressFamily
        var testDescription: String { "\(inner) in \(outer)" }
    }

    @Test(arguments: families)
    func everyTrafficClassIsCopiedButForCongestion(_ families: Families) throws {
        var scene = try NetworkScene(.upstream, outer: families.outer)
        for value in UInt8.min...UInt8.max {
            let packet = NetworkScene.packet(families.inner) { $0.trafficClass = value }
            let wire = try #require(scene.carry(packet).trace.packets(at: .wire).first)
            let expected = value & 3 == 3 ? value - 1 : value
            #expect(trafficClass(wire) == expected, "\(value)")
            // A packet comes out with the class that it had.
            #expect(trafficClass(try #require(scene.carry(packet).trace.packets(at: .arrival).first)) == value)
        }
    }

    /// Source: RFC 3168 §9.1.2, as Linux does it.
    @Test(arguments: families)
    func congestionOnTheWireIsToldToThoseThatKnowIt(_ families: Families) throws {
        var (sender, receiver) = (
            try NetworkScene(.upstream, outer: families.outer), try NetworkScene(.upstream, outer: families.outer)
        )
        for inner in UInt8(0)...3 {
            let packet = NetworkScene.packet(families.inner) { $0.trafficClass = 0xb8 | inner }
            for outer in UInt8.min...UInt8.max {
                var wire = try #require(sender.carry(packet).trace.packets(at: .wire).first)
                setTrafficClass(outer, of: &wire)
                let arrived = try #require(receiver.carry(wire, from: .wire).trace.packets(at: .arrival).first)
                let isMarked = outer & 3 == 3 && inner != 0
                #expect(trafficClass(arrived) == 0xb8 | (isMarked ? 3 : inner))
                #expect(families.inner == .v6 || InternetChecksum.of(Array(arrived[..<20])) == 0)
            }
        }
    }

    @Test(arguments: families, [false, true])
    func theOuterHeaderFollowsTheRules(_ families: Families, _ dontFragment: Bool) throws {
        var scene = try NetworkScene(.upstream, outer: families.outer)
        scene.network.nodes[0].outerIdentifications = IdentificationSource(startingAt: 0xffff)
        for round in 0..<2 {
            let packet = NetworkScene.packet(families.inner) {
                ($0.dontFragment, $0.flowLabel, $0.timeToLive) = (dontFragment, 0x12345, 200)
            }
            let wire = try #require(scene.carry(packet).trace.packets(at: .wire).first)
            let isFree = families.inner == .v4 && !dontFragment
            switch families.outer {
            case .v4:
                #expect(wire[8] == 64 && wire[9] == 50)
                #expect(wire[6] == (isFree ? 0 : 0x40) && wire[7] == 0)
                let identification: UInt8 = isFree && round == 0 ? 0xff : 0
                #expect(wire[4] == identification && wire[5] == identification)
                #expect(InternetChecksum.of(Array(wire[..<20])) == 0)
                #expect(Int(wire[2]) << 8 | Int(wire[3]) == wire.count)
            case .v6:
                #expect(wire[7] == 64 && wire[6] == 50)
                let label = [wire[1] & 15, wire[2], wire[3]]
                #expect(label == (families.inner == .v6 ? [1, 0x23, 0x45] : [0, 0, 0]))
                #expect(Int(wire[4]) << 8 | Int(wire[5]) == wire.count - 40)
            }
        }
    }

    @Test(arguments: families)
    func aPacketIsForwardedTwiceAndNoMore(_ families: Families) throws {
        for (sent, arriving) in [(0, nil), (1, nil), (2, nil), (3, 1), (64, 62), (255, 253)] as [(UInt8, UInt8?)] {
            var scene = try NetworkScene(.upstream, outer: families.outer)
            let (journey, trace) = scene.carry(NetworkScene.packet(families.inner) { $0.timeToLive = sent })
            if let arriving {
                #expect(journey.end == .pod(1) && journey.timeToLive == arriving)
                let arrived = try #require(trace.packets(at: .arrival).first)
                #expect(arrived[families.inner == .v4 ? 8 : 7] == arriving)
            } else {
                // The first node judges 0 and 1, the second what is 1 there.
                let node = sent < 2 ? 0 : 1
                #expect(journey.end == .dropped(.timeToLive, node: node) && journey.error == .timeExceeded)
                #expect(journey.errorEnd?.end == .pod(0))
            }
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func aPacketInClearLosesTimeToLiveAndNothingElse(_ family: AddressFamily) throws {
        var scene = try NetworkScene(.upstream)
        scene.network.nodes[0].nodeInfo = LongestPrefixMap(capacity: 1)
        var expected = NetworkScene.packet(family) { $0.timeToLive = 62 }
        let (journey, trace) = scene.carry(NetworkScene.packet(family))
        #expect(journey.end == .pod(1) && journey.wire == .clear && !journey.isRebuilt)
        #expect(trace.packets(at: .arrival) == [expected])
        expected = NetworkScene.packet(family) { $0.timeToLive = 63 }
        #expect(trace.packets(at: .wire) == [expected])
    }

    @Test func whatIsEncryptedComesOutAsItWas() throws {
        try forEachSeed(count: 60) { seed in
            var random = SplitMix64(seed: seed)
            let (outer, inner): (AddressFamily, AddressFamily) = (
                random.one(of: AddressFamily.allCases), random.one(of: AddressFamily.allCases)
            )
            var scene = try NetworkScene(random.one(of: Preset.allCases), outer: outer)
            for _ in 0..<20 {
                let packet = NetworkScene.packet(inner) {
                    $0.byteCount = 60 + random.below(1500 - 60)
                    $0.trafficClass = UInt8(random.below(256))
                    $0.flowLabel = UInt32(random.below(1 << 20))
                    $0.timeToLive = 64
                    $0.payload = $0.payload.map { _ in UInt8(random.below(256)) }
                    $0.payload[0] = 0
                }
                let isTooBig = inner == .v6 && packet.count > (outer == .v4 ? 1446 : 1426)
                let (journey, trace) = scene.carry(packet)
                guard !isTooBig else {
                    #expect(journey.error == .tooBig(limit: outer == .v4 ? 1446 : 1426), "seed \(seed)")
                    continue
                }
                var expected = packet
                expected[inner == .v4 ? 8 : 7] = 62
                if inner == .v4 {
                    (expected[10], expected[11]) = (0, 0)
                    let checksum = InternetChecksum.of(Array(expected[..<20]))
                    (expected[10], expected[11]) = (UInt8(checksum >> 8), UInt8(checksum & 255))
                }
                #expect(journey.end == .pod(1) && journey.wire == .encrypted, "seed \(seed)")
                #expect(trace.packets(at: .arrival) == [expected], "seed \(seed)")
                #expect(scene.network.arrival == expected, "seed \(seed)")
                #expect(trace.packets(at: .wire).allSatisfy { $0.count <= 1500 }, "seed \(seed)")
            }
        }
    }
}

private func trafficClass(_ packet: [UInt8]) -> UInt8 {
    packet[0] >> 4 == 4 ? packet[1] : packet[0] << 4 | packet[1] >> 4
}

private func setTrafficClass(_ value: UInt8, of packet: inout [UInt8]) {
    guard packet[0] >> 4 == 4 else {
        packet[0] = 0x60 | value >> 4
        packet[1] = value << 4 | packet[1] & 15
        return
    }
    packet[1] = value
    (packet[10], packet[11]) = (0, 0)
    let checksum = InternetChecksum.of(Array(packet[..<20]))
    (packet[10], packet[11]) = (UInt8(checksum >> 8), UInt8(checksum & 255))
}
