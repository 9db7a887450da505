import Model
import Testing

@testable import Sim

/// Sizes: what fits, what is refused and how the sender is told, what is cut.
@Suite struct NetworkSizeTests {
    /// Sizes of the packet in front of its limit, of the whole outer packet, and whether it is encrypted at all.
    @Test(arguments: NetworkHeaderTests.families, [1500, 1400, 9000])
    func allPaddingsUpToTheLimitFit(_ families: NetworkHeaderTests.Families, _ uplink: Int) throws {
        var scene = try NetworkScene(.upstream, outer: families.outer)
        for node in 0..<2 { (scene.network.nodes[node].uplinkMTU, scene.network.nodes[node].podMTU) = (uplink, 9000) }
        let outerHeader = families.outer == .v4 ? 20 : 40
        let limit = uplink - outerHeader - 34
        for size in limit - 8...limit + 3 {
            let packet = NetworkScene.packet(families.inner) { ($0.byteCount, $0.dontFragment) = (size, true) }
            let (journey, trace) = scene.carry(packet)
            guard size <= limit else {
                // IPv6 packets that do not fit even the link learn that first.
                let told = families.inner == .v6 && size > uplink ? uplink : limit
                #expect(journey.end == .dropped(.tooBig(limit: told), node: 0))
                #expect(journey.error == .tooBig(limit: told) && journey.errorEnd?.end == .pod(0))
                continue
            }
            let wire = try #require(trace.packets(at: .wire).first)
            #expect(journey.end == .pod(1) && wire.count == outerHeader + 16 + (size + 2 + 3) / 4 * 4 + 16)
            #expect(wire.count <= uplink && wire.count > uplink - 13)
        }
    }

    @Test func anIPv6PacketLargerThanTheLinkLearnsTheLinksLimitFirst() throws {
        var scene = try NetworkScene(.upstream)
        let packet = NetworkScene.packet(.v6) { $0.byteCount = 1501 }
        #expect(scene.carry(packet).journey.error == .tooBig(limit: 1500))
    }

    /// No IPv6 packet is told to be smaller than every link carries. Source: Linux, xfrm6_tunnel_check_size.
    @Test func noIPv6PacketIsToldLessThan1280() throws {
        var scene = try NetworkScene(.upstream)
        scene.network.nodes[0].uplinkMTU = 1300
        let (journey, trace) = scene.carry(NetworkScene.packet(.v6) { $0.byteCount = 1290 })
        #expect(journey.end == .dropped(.tooBig(limit: 1280), node: 0))
        #expect(journey.error == .tooBig(limit: 1280) && trace.steps.contains(.size(1290, limit: 1280)))
        #expect(trace.packets(at: .arrival).first?[44..<48] == [0, 0, 5, 0])
        #expect(scene.carry(NetworkScene.packet(.v6) { $0.byteCount = 1246 }).journey.end == .pod(1))
    }

    @Test(arguments: AddressFamily.allCases)
    func whatMayBeCutIsEncryptedWholeAndCutAfterwards(_ outer: AddressFamily) throws {
        var scene = try NetworkScene(.upstream, outer: outer)
        for size in [1447, 1448, 1480, 1500, 3000] {
            scene.network.nodes[0].podMTU = 9000
            scene.network.nodes[1].podMTU = 9000
            let (journey, trace) = scene.carry(NetworkScene.packet { $0.byteCount = size })
            let wire = trace.packets(at: .wire)
            #expect(journey.end == .pod(1) && journey.wire == .encrypted)
            #expect(wire.count == (size > 1500 ? 3 : 2))
            #expect(trace.packets(at: .arrival).first?.count == size)
            #expect(wire.dropLast().allSatisfy { $0.count <= 1500 && $0.count > 1490 })
            let identifications = Set(wire.map { Array(outer == .v4 ? $0[4..<6] : $0[44..<48]) })
            #expect(identifications.count == 1)
        }
    }

    /// Each error that the recordings show was about a packet that may not be cut.
    @Test func whatMayBeCutInClearIsCutForTheLink() throws {
        var scene = try NetworkScene(.upstream)
        scene.network.nodes[0].nodeInfo = LongestPrefixMap(capacity: 1)
        scene.network.nodes[0].uplinkMTU = 600
        let (journey, trace) = scene.carry(NetworkScene.packet { $0.byteCount = 1400 })
        #expect(journey.end == .pod(1) && journey.wire == .clear)
        let wire = trace.packets(at: .wire)
        #expect(wire.map(\.count) == [596, 596, 248])
        #expect(wire.map { Int($0[6] & 0x1f) << 8 | Int($0[7]) } == [0, 72, 144])
        #expect(wire.map { $0[6] & 0x20 } == [0x20, 0x20, 0])
        #expect(wire.allSatisfy { InternetChecksum.of(Array($0[..<20])) == 0 })
        #expect(trace.packets(at: .arrival).count == 3)
    }

    /// Source: RFC 791 §3.1: bit 7 of an option says whether fragments have it.
    @Test func optionsThatAreNotToBeCopiedBecomeNoOperations() throws {
        var packet = PacketHead(
            headerByteCount: 28, byteCount: 128, trafficClass: 0, timeToLive: 9, protocolNumber: .udp, isWhole: false,
            source: .v4(1), destination: .v4(2))
        packet.fragment.identification = 7
        let options: [UInt8] = [0x83, 3, 4, 7, 3, 4, 1, 0]
        var bytes: [UInt8] = []
        bytes.append(header: packet)
        bytes[0] = 0x47
        bytes += options + [UInt8](repeating: 9, count: 100)
        let cuts = try #require(Fragments(of: packet, limit: 84))
        var pieces: [[UInt8]] = []
        for index in 0..<cuts.count {
            var buffer: [UInt8] = []
            // Bytes have no padding that could be uninitialized.
            _ = cuts.write(index, of: unsafe bytes.span.bytes, packet, 0, into: &buffer)
            pieces.append(buffer)
        }
        #expect(pieces.map(\.count) == [84, 72])
        #expect(Array(pieces[0][20..<28]) == options)
        #expect(Array(pieces[1][20..<28]) == [0x83, 3, 4, 1, 1, 1, 1, 0])
    }

    @Test func aPodsInterfaceHasALimitToo() throws {
        var scene = try NetworkScene(.upstream)
        scene.network.nodes[1].podMTU = 1000
        let (journey, _) = scene.carry(NetworkScene.packet { ($0.byteCount, $0.dontFragment) = (1200, true) })
        #expect(journey.end == .dropped(.tooBig(limit: 1000), node: 1))
        // The error is about a decrypted packet: upstream sends it in clear.
        #expect(journey.errorEnd?.end == .pod(0) && journey.errorEnd?.wire == .clear)
    }

    @Test func aNodeIsToldOfItsOwnPacketsWithoutAnError() throws {
        var scene = try NetworkScene(.upstream)
        let packet = NetworkScene.packet { ($0.byteCount, $0.dontFragment) = (1447, true) }
        let (journey, _) = scene.carry(packet, from: .node(0), mark: .encrypt)
        #expect(journey.end == .dropped(.tooBig(limit: 1446), node: 0) && journey.error == nil)
    }
}
