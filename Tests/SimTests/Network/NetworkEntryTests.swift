import Model
import TestSupport
import Testing

@testable import Sim

/// Where packets come from and go to, whole or in fragments, as far as a capture holds them.
@Suite struct NetworkEntryTests {
    @Test(arguments: AddressFamily.allCases)
    func aPacketGoesWhereItsAddressIs(_ family: AddressFamily) throws {
        var scene = try NetworkScene(.upstream)
        let neighbour = NetworkScene.prefix(family, 1).address.advanced(by: 3)
        let pod = scene.network.addPod("neighbour", addresses: [neighbour], node: 0)
        let gateway = NetworkScene.prefix(family, 1).address.advanced(by: 1)
        let everybody: IPAddress = family == .v4 ? .v4(0xe000_00fb) : .v6(high: 0xff02_0000_0000_0000, low: 0xfb)
        let stranger: IPAddress = family == .v4 ? .v4(0x0101_0101) : .v6(high: 0x2001_0db8_0000_0000, low: 1)
        let rows: [(IPAddress, JourneyEnd, WireForm)] = [
            (NetworkScene.podAddress(family, 1), .pod(1), .encrypted),
            (neighbour, .pod(pod), .none), (gateway, .node(0), .none), (everybody, .node(0), .none),
            (stranger, .outside, .none),
            (NetworkScene.prefix(family, 1).address.advanced(by: 9), .nobody(node: 0), .none),
            (NetworkScene.prefix(family, 2).address.advanced(by: 9), .nobody(node: 1), .encrypted),
        ]
        for (destination, end, wire) in rows {
            let journey = scene.carry(NetworkScene.packet(family) { $0.destination = destination }).journey
            #expect(journey.end == end && journey.wire == wire, "\(destination)")
        }
    }

    /// Decrypted for the node itself, it meets the policy `in`.
    @Test func whatIsForThePeersOwnAddressIsDecryptedThere() throws {
        var scene = try NetworkScene(.upstream)
        let gateway = NetworkScene.prefix(.v4, 2).address.advanced(by: 1)
        let (journey, trace) = scene.carry(NetworkScene.packet { $0.destination = gateway })
        #expect(journey.end == .node(1) && journey.wire == .encrypted)
        #expect(trace.steps.contains(.policy(.in, 0)) && !trace.steps.contains(.policy(.fwd, 0)))
    }

    @Test func aNodesOwnPacketIsMarkedByNobody() throws {
        var scene = try NetworkScene(.upstream)
        let packet = NetworkScene.packet { $0.source = NetworkScene.nodeAddress(.v4, 1) }
        let (journey, trace) = scene.carry(packet, from: .node(0))
        #expect(journey.end == .pod(1) && journey.wire == .clear && journey.timeToLive == 63)
        #expect(trace.packets(at: .wire) == [packet])
        #expect(scene.carry(packet, from: .node(0), mark: .encrypt).journey.wire == .encrypted)
    }

    @Test func aCaptureOfTheWireGoesOnWhereItWasTaken() throws {
        var (sender, receiver) = (try NetworkScene(.upstream), try NetworkScene(.upstream))
        let wire = try #require(sender.carry(NetworkScene.packet()).trace.packets(at: .wire).first)
        let (journey, trace) = receiver.carry(wire, from: .wire)
        #expect(journey.end == .pod(1) && journey.wire == .encrypted && journey.isRebuilt)
        #expect(receiver.network.arrival == trace.packets(at: .arrival).first)
        let stranger = RawPacket(source: .v4(0x0101_0101), destination: .v4(0x0202_0202))
        #expect(receiver.carry(stranger.bytes, from: .wire).journey.end == .outside)
    }

    /// Fragments and ESP in UDP included: nothing of them is a leak.
    @Test(arguments: AddressFamily.allCases, [false, true])
    func encryptedPacketsOfTheWireAreToldAsSuch(_ outer: AddressFamily, _ isInUDP: Bool) throws {
        var scene = try NetworkScene(.upstream, outer: outer)
        if isInUDP {
            for node in 0..<2 { scene.changeStates(of: node) { $0.state.encapsulation = UDPEncapsulation() } }
        }
        let wire = scene.carry(NetworkScene.packet { $0.byteCount = 1500 }).trace.packets(at: .wire)
        #expect(wire.count == 2)
        for piece in wire { #expect(scene.carry(piece, from: .wire).journey.wire == .encrypted) }
        #expect(scene.carry(NetworkScene.packet(), from: .wire).journey.wire == .clear)
    }

    // MARK: Captures that hold too little

    @Test(arguments: NetworkHeaderTests.families)
    func thePathOfACutPacketIsThatOfTheWhole(_ families: NetworkHeaderTests.Families) throws {
        for size in [200, 1400] {
            let packet = NetworkScene.packet(families.inner) { $0.byteCount = size }
            var (whole, cut) = (
                try NetworkScene(.hardened, outer: families.outer), try NetworkScene(.hardened, outer: families.outer)
            )
            let expected = whole.carry(packet)
            let (journey, trace) = cut.carry(Array(packet[..<64]), byteCount: packet.count)
            #expect(journey == expected.journey && trace.steps == expected.trace.steps)
            #expect(trace.packets.map(\.byteCount) == expected.trace.packets.map(\.byteCount))
            // Of what cannot be encrypted there are headers and IV, and they are right.
            for (made, full) in zip(trace.packets, expected.trace.packets) {
                #expect(full.bytes.starts(with: made.bytes))
                let front = (families.outer == .v4 ? 20 : 40) + 16
                #expect(made.bytes.count == (made.point == .wire ? front : 64))
            }
        }
    }

    /// The capture holds too little to quote; what the node sends is as large all the same.
    @Test(arguments: NetworkHeaderTests.families, Preset.allCases)
    func theErrorAboutACutPacketIsThatAboutTheWhole(_ families: NetworkHeaderTests.Families, _ preset: Preset) throws {
        for hops in [UInt8(1), 2] {
            let packet = NetworkScene.packet(families.inner) { ($0.byteCount, $0.timeToLive) = (400, hops) }
            var (whole, cut) = (
                try NetworkScene(preset, outer: families.outer), try NetworkScene(preset, outer: families.outer)
            )
            let expected = whole.carry(packet)
            let (journey, trace) = cut.carry(Array(packet[..<64]), byteCount: packet.count)
            #expect(journey == expected.journey && journey.error == .timeExceeded)
            #expect(trace.steps == expected.trace.steps)
            #expect(trace.packets.map(\.byteCount) == expected.trace.packets.map(\.byteCount))
        }
    }

    @Test func theKeysTellWhetherACutPacketCouldBeOpened() throws {
        var scene = try NetworkScene(.upstream)
        for state in scene.network.nodes[1].xfrm.states where state.state.outputMark != nil {
            try scene.network.nodes[1].xfrm.apply(.deleteState(state.state.id))
            var other = state.state
            other.key = NetworkScene.key
            try scene.network.nodes[1].xfrm.apply(.addState(other))
        }
        let packet = NetworkScene.packet { $0.byteCount = 600 }
        #expect(
            scene.carry(Array(packet[..<64]), byteCount: packet.count).journey.end
                == .dropped(.xfrm(.inStateProtocolError), node: 1))
    }

    @Test func aCutPacketOfTheWireCannotBeRead() throws {
        var (sender, receiver) = (try NetworkScene(.upstream), try NetworkScene(.upstream))
        let wire = try #require(sender.carry(NetworkScene.packet()).trace.packets(at: .wire).first)
        for count in 20..<wire.count {
            let journey = receiver.carry(Array(wire[..<count]), byteCount: wire.count, from: .wire).journey
            #expect(journey.end == .unreadable(node: 1))
            // A frame that was no longer than that is another matter.
            let frame = receiver.carry(Array(wire[..<count]), from: .wire).journey
            #expect(frame.end == .dropped(.malformed(.wrongLength), node: -1))
        }
        #expect(receiver.network.nodes[1].xfrm.counters.raised.isEmpty)
    }

    // MARK: Fragments

    @Test(arguments: AddressFamily.allCases)
    func fragmentsMayComeInAnyOrderAndTwice(_ outer: AddressFamily) throws {
        try forEachSeed(count: 30) { seed in
            var random = SplitMix64(seed: seed)
            var sender = try NetworkScene(.hardened, outer: outer)
            sender.network.nodes[0].podMTU = 9000
            var receiver = try NetworkScene(.hardened, outer: outer)
            receiver.network.nodes[1].podMTU = 9000
            let packet = NetworkScene.packet { $0.byteCount = 3000 + random.below(3000) }
            var pieces = sender.carry(packet).trace.packets(at: .wire)
            let last = pieces.remove(at: random.below(pieces.count))
            pieces += random.some(of: pieces)
            var ends: [JourneyEnd] = []
            while !pieces.isEmpty {
                let piece = pieces.remove(at: random.below(pieces.count))
                ends.append(receiver.carry(piece, from: .wire).journey.end)
            }
            #expect(ends.allSatisfy { $0 == .waiting(node: 1) }, "seed \(seed)")
            #expect(receiver.carry(last, from: .wire).journey.end == .pod(1), "seed \(seed)")
            #expect(receiver.network.arrival.dropFirst(20) == packet.dropFirst(20), "seed \(seed)")
        }
    }

    @Test func fragmentsThatOverlapAreGivenUp() throws {
        var scene = try NetworkScene(.upstream)
        func fragment(_ offset: Int, _ count: Int, hasMore: Bool) -> [UInt8] {
            NetworkScene.packet {
                $0.destination = NetworkScene.nodeAddress(.v4, 2)
                ($0.fragmentOffset, $0.hasMore) = (offset, hasMore)
                $0.byteCount = 20 + count
            }
        }
        func end(_ packet: [UInt8]) -> JourneyEnd { scene.carry(packet, from: .wire).journey.end }
        #expect(end(fragment(0, 64, hasMore: true)) == .waiting(node: 1))
        #expect(end(fragment(56, 64, hasMore: true)) == .dropped(.unusableFragment, node: 1))
        // What went with it is missing now.
        #expect(end(fragment(64, 8, hasMore: false)) == .waiting(node: 1))
        #expect(end(fragment(0, 64, hasMore: true)) == .node(1))
        #expect(end(fragment(0, 60, hasMore: true)) == .dropped(.unusableFragment, node: 1))
        #expect(end(fragment(65_528, 64, hasMore: false)) == .dropped(.unusableFragment, node: 1))
        #expect(end(fragment(64, 8, hasMore: false)) == .waiting(node: 1))
        #expect(end(fragment(96, 8, hasMore: true)) == .dropped(.unusableFragment, node: 1))
    }

    @Test func onlySoManyPacketsAreHeld() throws {
        var scene = try NetworkScene(.upstream)
        func carry(_ number: Int, _ isLast: Bool) -> JourneyEnd {
            let packet = NetworkScene.packet {
                ($0.destination, $0.identification) = (NetworkScene.nodeAddress(.v4, 2), UInt16(number))
                ($0.hasMore, $0.fragmentOffset) = (!isLast, isLast ? 32 : 0)
            }
            return scene.carry(packet, from: .wire).journey.end
        }
        for number in 0...Reassembly.limit { #expect(carry(number, false) == .waiting(node: 1)) }
        #expect(carry(1, true) == .node(1))
        #expect(carry(0, true) == .waiting(node: 1))
    }

    // MARK: ESP in UDP

    @Test(arguments: NetworkHeaderTests.families)
    func espInUDPIsMadeAndRead(_ families: NetworkHeaderTests.Families) throws {
        var scene = try NetworkScene(.upstream, outer: families.outer)
        for node in 0..<2 { scene.changeStates(of: node) { $0.state.encapsulation = UDPEncapsulation() } }
        let (journey, trace) = scene.carry(NetworkScene.packet(families.inner))
        let wire = try #require(trace.packets(at: .wire).first)
        let start = families.outer == .v4 ? 20 : 40
        #expect(journey.end == .pod(1) && wire[families.outer == .v4 ? 9 : 6] == 17)
        #expect(Array(wire[start..<start + 4]) == [0x11, 0x94, 0x11, 0x94])
        #expect(Int(wire[start + 4]) << 8 | Int(wire[start + 5]) == wire.count - start)
        if families.outer == .v6 {
            let pseudoHeader = Array(wire[8..<40]) + RawPacket.network(wire.count - 40, 4) + [0, 0, 0, 17]
            #expect(InternetChecksum.of(pseudoHeader + wire[40...]) == 0)
        } else {
            #expect(Array(wire[26..<28]) == [0, 0])
        }
        for (payload, end) in [
            ([0xff], .dropped(.keepAlive, node: 1)), ([0, 0, 0, 0, 1, 2, 3, 4, 5], .node(1)), ([1, 2, 3], .node(1)),
        ] as [([UInt8], JourneyEnd)] {
            var packet = RawPacket(
                source: NetworkScene.nodeAddress(families.outer, 1),
                destination: NetworkScene.nodeAddress(families.outer, 2))
            packet.payload = [0x11, 0x94, 0x11, 0x94] + RawPacket.network(8 + payload.count, 2) + [0, 0] + payload
            #expect(scene.carry(packet.bytes, from: .wire).journey.end == end)
        }
    }

    /// Nothing that a frame may hold stops a journey.
    @Test func anyBytesComeToAnEnd() throws {
        try forEachSeed(count: 300) { seed in
            var random = SplitMix64(seed: seed)
            var scene = try NetworkScene(random.one(of: Preset.allCases), outer: random.one(of: AddressFamily.allCases))
            var packets = [NetworkScene.packet(), NetworkScene.packet(.v6), []]
            packets += scene.carry(NetworkScene.packet { $0.byteCount = 1500 }).trace.packets(at: .wire)
            for _ in 0..<20 {
                var packet = random.one(of: packets)
                for _ in 0..<random.below(4) where !packet.isEmpty {
                    packet[random.below(min(packet.count, 60))] = UInt8(random.below(256))
                }
                if packet.count >= 20, packet[0] >> 4 == 4 {
                    let length = min(max(Int(packet[0] & 15) * 4, 20), packet.count)
                    packet.replaceSubrange(10..<12, with: [0, 0])
                    let checksum = InternetChecksum.of(Array(packet[..<length]))
                    packet.replaceSubrange(10..<12, with: RawPacket.network(Int(checksum), 2))
                }
                let held = Array(packet.prefix(random.isOneIn(3) ? random.below(80) : packet.count))
                for entry in [JourneyEntry.pod(0), .node(1), .wire] {
                    _ = scene.carry(held, byteCount: packet.count, from: entry)
                }
            }
        }
    }
}
