import Model
import Testing

@testable import Sim

/// What a node takes for ESP, and how it is put together.
@Suite struct NetworkESPTests {
    private static let ports = UDPEncapsulation(sourcePort: 5000, destinationPort: 4501)

    private static func scene(_ outer: AddressFamily = .v4, isInUDP: Bool = false) throws -> NetworkScene {
        var scene = try NetworkScene(.upstream, outer: outer)
        if isInUDP {
            for node in 0..<2 { scene.changeStates(of: node) { $0.state.encapsulation = ports } }
        }
        return scene
    }

    /// From one node to the other.
    private static func packet(_ family: AddressFamily, _ change: (inout RawPacket) -> Void) -> [UInt8] {
        var packet = RawPacket(
            source: NetworkScene.nodeAddress(family, 1), destination: NetworkScene.nodeAddress(family, 2))
        change(&packet)
        return packet.bytes
    }

    private static func udp(to port: Int, _ payload: [UInt8]) -> [UInt8] {
        RawPacket.network(5000, 2) + RawPacket.network(port, 2) + RawPacket.network(8 + payload.count, 2) + [0, 0]
            + payload
    }

    /// Bytes from the IP header on; nil for all.
    private static func taken(_ scene: inout NetworkScene, _ packet: [UInt8], held: Int? = nil) -> Bool {
        // Bytes have no padding that could be uninitialized.
        scene.network.takesAsESP(
            unsafe packet.span.bytes.extracting(first: held ?? packet.count), byteCount: packet.count)
    }

    @Test(arguments: AddressFamily.allCases)
    func aNodeTakesForESPWhatItWouldDecrypt(_ family: AddressFamily) throws {
        let esp: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 9] + [UInt8](repeating: 7, count: 40)
        let rows: [(String, Bool, [UInt8])] = [
            ("ESP", true, Self.packet(family) { ($0.protocolNumber, $0.payload) = (50, esp) }),
            (
                "ESP of an unknown SPI", true,
                Self.packet(family) { ($0.protocolNumber, $0.payload) = (50, [9] + esp.dropFirst()) }
            ),
            ("ESP to a pod", false, NetworkScene.packet(family) { ($0.protocolNumber, $0.payload) = (50, esp) }),
            ("ESP in UDP", true, Self.packet(family) { $0.payload = Self.udp(to: 4501, esp) }),
            ("ESP in UDP to a pod", false, NetworkScene.packet(family) { $0.payload = Self.udp(to: 4501, esp) }),
            ("no state's port", false, Self.packet(family) { $0.payload = Self.udp(to: 4500, esp) }),
            ("key exchange", false, Self.packet(family) { $0.payload = Self.udp(to: 4501, [0, 0, 0, 0] + esp) }),
            ("a keep-alive", false, Self.packet(family) { $0.payload = Self.udp(to: 4501, [0xff]) }),
            ("too short", false, Self.packet(family) { $0.payload = Self.udp(to: 4501, Array(esp[..<8])) }),
            ("TCP", false, Self.packet(family) { ($0.protocolNumber, $0.payload) = (6, esp) }),
        ]
        for (name, expected, packet) in rows {
            var scene = try Self.scene(family, isInUDP: true)
            #expect(Self.taken(&scene, packet) == expected, "\(name)")
            let journey = scene.carry(packet, from: .wire).journey
            #expect(journey.wire == (expected ? .encrypted : .clear), "\(name)")
        }
        var scene = try Self.scene(family, isInUDP: true)
        #expect(!Self.taken(&scene, []))
        #expect(!Self.taken(&scene, Self.packet(family) { $0.destination = $0.source.advanced(by: 0x1_0000) }))
        // Without states in UDP no port is one.
        scene = try Self.scene(family)
        #expect(!Self.taken(&scene, rows[3].2))
    }

    /// A cut packet that may be ESP is not the node's own for that.
    @Test(arguments: AddressFamily.allCases)
    func aCutPacketToAPortOfESPCannotBeRead(_ family: AddressFamily) throws {
        let packet = Self.packet(family) { $0.payload = Self.udp(to: 4501, [UInt8](repeating: 7, count: 48)) }
        let start = packet.count - 56
        for held in start..<start + 16 {
            var scene = try Self.scene(family, isInUDP: true)
            #expect(Self.taken(&scene, packet, held: held))
            let journey = scene.carry(Array(packet[..<held]), byteCount: packet.count, from: .wire).journey
            #expect(journey.end == .unreadable(node: 1) && journey.wire == .encrypted)
        }
    }

    /// Later ones are known by their first, as soon as that is there.
    @Test(arguments: AddressFamily.allCases, [false, true])
    func fragmentsInUDPAreToldByTheFirst(_ outer: AddressFamily, _ isESP: Bool) throws {
        var scene = try Self.scene(outer, isInUDP: true)
        let wire: [[UInt8]]
        if isESP {
            wire = scene.carry(NetworkScene.packet { $0.byteCount = 1500 }).trace.packets(at: .wire)
        } else {
            wire = scene.carry(
                Self.packet(outer) {
                    $0.payload = Self.udp(to: 53, [UInt8](repeating: 1, count: 1600))
                    if outer == .v6 { $0.payload = Array($0.payload[..<1400]) }
                }, from: .node(0)
            ).trace.packets(at: .wire)
        }
        let pieces = outer == .v6 && !isESP ? Self.pieces(of: wire[0], front: false, behind: false) : wire
        #expect(pieces.count == 2)
        // The first to come is a later one: it may be.
        #expect(Self.taken(&scene, pieces[1]))
        let end: JourneyEnd = isESP ? .pod(1) : .node(1)
        for order in [[0, 1], [1, 0]] {
            var ends: [JourneyEnd] = []
            var wireForms: [WireForm] = []
            for index in order {
                let journey = scene.carry(pieces[index], from: .wire).journey
                ends.append(journey.end)
                wireForms.append(journey.wire)
            }
            #expect(ends == [.waiting(node: 1), end])
            #expect(wireForms.last == (isESP ? .encrypted : .clear))
            #expect(order[0] == 1 || wireForms[0] == wireForms[1])
        }
    }

    // MARK: IPv6 with headers around the fragment header

    /// The fragments of an IPv6 packet, with options in front of the fragment header and behind it.
    private static func pieces(of packet: [UInt8], front: Bool, behind: Bool) -> [[UInt8]] {
        func options(before next: UInt8) -> [UInt8] { [next, 0, 1, 4, 0, 0, 0, 0] }
        let whole = (behind ? options(before: packet[6]) : []) + packet[40...]
        return [(0..<64, 1), (64..<whole.count, 0)].map { range, more in
            Self.packet(.v6) {
                $0.protocolNumber = front ? 60 : 44
                $0.payload =
                    (front ? options(before: 44) : []) + [behind ? 60 : packet[6], 0]
                    + RawPacket.network(range.lowerBound | more, 2) + [0, 0, 0, 9] + whole[range]
            }
        }
    }

    @Test(arguments: Preset.allCases, [(false, false), (false, true), (true, false), (true, true)])
    func headersAroundTheFragmentHeaderArePutTogetherToo(_ preset: Preset, _ place: (front: Bool, behind: Bool)) throws
    {
        for order in [[0, 1], [1, 0]] {
            var (sender, receiver) = (try NetworkScene(preset, outer: .v6), try NetworkScene(preset, outer: .v6))
            let packet = NetworkScene.packet()
            let wire = try #require(sender.carry(packet).trace.packets(at: .wire).first)
            let pieces = Self.pieces(of: wire, front: place.front, behind: place.behind)
            #expect(receiver.carry(pieces[order[0]], from: .wire).journey.end == .waiting(node: 1))
            let (journey, trace) = receiver.carry(pieces[order[1]], from: .wire)
            #expect(journey.end == .pod(1), "\(order)")
            let added = (place.front ? 8 : 0) + (place.behind ? 8 : 0)
            #expect(trace.steps.contains(.reassembled(wire.count + added)))
            #expect(receiver.network.arrival.dropFirst(20) == packet.dropFirst(20))
        }
    }

    @Test func aCutFragmentOfIPv6CannotBeRead() throws {
        let packet = NetworkScene.packet()
        var (sender, receiver) = (try NetworkScene(.upstream, outer: .v6), try NetworkScene(.upstream, outer: .v6))
        let wire = try #require(sender.carry(packet).trace.packets(at: .wire).first)
        let piece = Self.pieces(of: wire, front: true, behind: true)[0]
        for held in 40..<56 {
            let journey = receiver.carry(Array(piece[..<held]), byteCount: piece.count, from: .wire).journey
            #expect(journey.end == .unreadable(node: 1), "\(held)")
        }
    }
}
