import Model
import Sim
import Testing

/// A packet at a node's interface, and how each preset ends it.
struct InterfaceCase: CustomTestStringConvertible {
    let testDescription: String
    var source = "10.9.0.7"
    var destination = "10.1.0.2"
    var carried = IPProtocol.tcp
    var mark: UInt32 = 0
    /// Reason and mark afterwards.
    let upstream: (Reason, UInt32)
    let hardened: (Reason, UInt32)
    /// Of the frame, before the program sees it.
    var change: @Sendable (inout PacketBuilder) -> Void = { _ in }
    var byteCount = Int.max

    fileprivate func frame() throws -> [UInt8] {
        var builder = PacketBuilder(
            PacketFlow(
                source: SocketAddress(try #require(IPAddress(source)), port: 1),
                destination: SocketAddress(try #require(IPAddress(destination)), port: 2)))
        change(&builder)
        let frame =
            builder.extensionHeaders.isEmpty
            ? builder.frame(carrying: carried, [UInt8](repeating: 0, count: 32)) : builder.frame
        return Array(frame.prefix(byteCount))
    }
}

/// Of peers' pods are 10.1.0.0/24 and fd00:1::/64; 192.168.0.2 and fd99::2 are a peer, marked 0x100d0.
private func maps() throws -> InterfaceMapStore {
    var maps = InterfaceMapStore(capacity: 8)
    for text in ["10.1.0.0/24", "fd00:1::/64"] {
        try maps.nodeInfo.update(NodeInfoKey(try #require(Prefix(text))), to: 1)
    }
    for text in ["192.168.0.2", "fd99::2"] {
        try maps.peers.update(MapAddress(try #require(IPAddress(text)).mapped), to: 0x1_00d0)
    }
    return maps
}

private let fromPods: [InterfaceCase] = [
    .init(testDescription: "to a peer's pod", upstream: (.markedForPeer, 0xe0), hardened: (.markedForPeer, 0xe0)),
    .init(
        testDescription: "to a peer's pod by IPv6", source: "fd00::7", destination: "fd00:1::2",
        upstream: (.markedForPeer, 0xe0), hardened: (.markedForPeer, 0xe0)),
    .init(
        testDescription: "elsewhere; a mark stays", destination: "10.1.1.2", mark: 5, upstream: (.notForPeer, 5),
        hardened: (.notForPeer, 5)),
    .init(
        testDescription: "to an address that begins as a peer's of the other family", source: "fd00::7",
        destination: "a01:2::", upstream: (.markedForPeer, 0xe0), hardened: (.markedForPeer, 0xe0)),
    .init(
        testDescription: "with a tag", upstream: (.notIP, 0), hardened: (.markedForPeer, 0xe0),
        change: { $0.tags = [.serviceVLAN, .vlan] }),
    .init(
        testDescription: "with too many tags", upstream: (.notIP, 0), hardened: (.unreadableDropped, 0),
        change: { $0.tags = [.serviceVLAN, .vlan, .vlan] }),
    .init(
        testDescription: "cut short", upstream: (.unreadablePassed, 0), hardened: (.unreadableDropped, 0),
        byteCount: 33),
]

private let atUplinks: [InterfaceCase] = [
    .init(
        testDescription: "decrypted", source: "10.1.0.7", mark: 0xd0, upstream: (.decrypted, 0xd0),
        hardened: (.decrypted, 0xd0)),
    .init(testDescription: "in clear", upstream: (.inClear, 0), hardened: (.inClear, 0)),
    .init(
        testDescription: "in clear with a mark", mark: 0xe0, upstream: (.strayMarkCleared, 0),
        hardened: (.strayMarkCleared, 0)),
    .init(
        testDescription: "in clear from a peer's pod", source: "10.1.0.7", upstream: (.inClear, 0),
        hardened: (.clearFromPeer, 0)),
    .init(
        testDescription: "the same by IPv6, behind a tag", source: "fd00:1::7", destination: "fd00::2",
        upstream: (.notIP, 0), hardened: (.clearFromPeer, 0), change: { $0.tags = [.vlan] }),
    .init(
        testDescription: "a peer's ESP", source: "192.168.0.2", carried: .esp, mark: 7, upstream: (.espUnmarked, 7),
        hardened: (.espFromPeer, 0x1_00d0)),
    .init(
        testDescription: "a peer's ESP by IPv6", source: "fd99::2", destination: "fd00::2", carried: .esp,
        upstream: (.espUnmarked, 0), hardened: (.espFromPeer, 0x1_00d0)),
    .init(
        testDescription: "nobody's ESP", source: "192.168.0.3", carried: .esp, mark: 0x1_00d0,
        upstream: (.espUnmarked, 0x1_00d0), hardened: (.espUnmarked, 0)),
    .init(
        testDescription: "a peer's pod's own ESP", source: "10.1.0.7", carried: .esp, upstream: (.espUnmarked, 0),
        hardened: (.clearFromPeer, 0)),
    .init(
        testDescription: "ESP in UDP", source: "192.168.0.2", carried: .udp, mark: 0x77,
        upstream: (.strayMarkCleared, 0), hardened: (.strayMarkCleared, 0)),
    .init(
        testDescription: "TCP behind extension headers", source: "fd99::2", destination: "fd00::2",
        upstream: (.inClear, 0), hardened: (.inClear, 0),
        change: { $0.extensionHeaders = [.init(.hopByHop), .init(.destinationOptions)] }),
    .init(
        testDescription: "cut short; a mark stays", mark: 5, upstream: (.unreadablePassed, 5),
        hardened: (.unreadableDropped, 5), byteCount: 20),
    .init(
        testDescription: "cut short behind the addresses", source: "10.1.0.7", upstream: (.inClear, 0),
        hardened: (.clearFromPeer, 0), byteCount: 34),
]

/// The programs at a node's interfaces.
struct InterfaceHookTests {
    @Test(arguments: fromPods)
    func whatGoesToPeersIsMarked(_ test: InterfaceCase) throws {
        for (options, expected) in [(DataplaneOptions.upstream, test.upstream), (.hardened, test.hardened)] {
            let mark = PacketMark(rawValue: test.mark)
            let decision = TCPod(options).run(try test.frame(), mark: mark, maps: try maps())
            #expect((decision.reason, decision.mark.rawValue) == expected)
            #expect((decision.verdict == .drop) == (decision.reason == .unreadableDropped))
        }
    }

    @Test(arguments: atUplinks)
    func uplinksTellPeersFromOthers(_ test: InterfaceCase) throws {
        for (options, expected) in [(DataplaneOptions.upstream, test.upstream), (.hardened, test.hardened)] {
            let mark = PacketMark(rawValue: test.mark)
            let decision = TCUplink(options).run(try test.frame(), mark: mark, maps: try maps())
            #expect((decision.reason, decision.mark.rawValue) == expected)
            #expect((decision.verdict == .drop) == [.unreadableDropped, .clearFromPeer].contains(decision.reason))
        }
    }

    /// Behind extension headers, also of a later fragment; of IPv4 by the protocol number alone.
    @Test func espIsFoundBehindHeaders() throws {
        let (source, destination) = (try #require(IPAddress("fd99::2")), try #require(IPAddress("fd00::2")))
        let builder = PacketBuilder(
            PacketFlow(source: SocketAddress(source, port: 1), destination: SocketAddress(destination, port: 1)))
        // Destination options, and what follows: ESP, or a fragment at a place.
        func frame(_ next: IPProtocol, _ rest: [UInt8]) -> [UInt8] {
            builder.frame(carrying: .destinationOptions, [next.rawValue, 0, 0, 0, 0, 0, 0, 0] + rest)
        }
        let esp = [UInt8](repeating: 9, count: 16)
        let laterFragment: [UInt8] = [IPProtocol.esp.rawValue, 0, 0, 8, 0, 0, 0, 1]
        let otherFragment: [UInt8] = [IPProtocol.udp.rawValue, 0, 0, 8, 0, 0, 0, 1]
        let addresses = AddressPair(source: source, destination: destination)
        for (frame, isESP) in [
            (frame(.esp, esp), true), (frame(.fragment, laterFragment + esp), true),
            (frame(.fragment, otherFragment + esp), false), (frame(.routing, [50, 9]), false),
            (frame(.tcp, esp), false),
        ] {
            #expect(InterfacePacket(parsing: frame, by: .headerChain) == .ip(addresses, isESP: isESP))
            #expect(InterfacePacket(parsing: frame, by: .fixedPlaces) == .ip(addresses, isESP: false))
        }
    }
}

/// A prefix longer than what is asked for does not count, as in the kernel.
@Test func prefixesOfTheOtherFamilyAreTooLong() throws {
    var map = LongestPrefixMap(capacity: 4)
    try map.update(NodeInfoKey(try #require(Prefix("2001:db8::/64"))), to: 1)
    let address = MapAddress(try #require(IPAddress("32.1.13.184")))
    #expect(map.lookup(address) == 1)
    #expect(map.lookup(address, bitCount: 32) == nil)
}
