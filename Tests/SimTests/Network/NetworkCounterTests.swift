import Model
import Testing

@testable import Sim

/// A packet for every counter of /proc/net/xfrm_stat that packets can raise here.
struct CounterCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// Where it counts, and how often.
    let counter: XFRMCounter
    var node = 1
    var count: UInt64 = 1
    /// What is done to the nodes before the packet.
    var prepare: @Sendable (inout NetworkScene) throws -> Void = { _ in }
    /// What is done to the wire's packet before the second node gets it; nil to let it go by itself.
    var change: (@Sendable (inout [UInt8]) -> Void)?
    var family = AddressFamily.v4
}

@Suite struct NetworkCounterTests {
    static let cases = [
        CounterCase(
            testDescription: "fewer bytes than an ESP header", counter: .inHeaderError,
            change: { $0 = cut($0, to: 27) }),
        CounterCase(
            testDescription: "an SPI that no state has", counter: .inNoStates, change: { $0[23] = 9 }),
        CounterCase(
            testDescription: "a state that was deleted", counter: .inNoStates,
            prepare: { try deleteStates(&$0, receiving: true, at: 1) }),
        CounterCase(
            testDescription: "a wrong ICV", counter: .inStateProtocolError, change: { $0[$0.count - 1] ^= 1 }),
        CounterCase(
            testDescription: "another sequence number than was authenticated", counter: .inStateProtocolError,
            change: { $0[27] = 99 }),
        CounterCase(
            testDescription: "no room for trailer and ICV", counter: .inStateProtocolError,
            change: { $0 = cut($0, to: 20 + 16 + 17) }),
        CounterCase(
            testDescription: "a dummy packet", counter: .inStateProtocolError,
            change: { $0 = sealed($0, nextHeader: 59) }),
        CounterCase(
            testDescription: "an inner packet that is neither IPv4 nor IPv6", counter: .inStateModeError,
            change: { $0 = sealed($0, nextHeader: 17) }),
        CounterCase(
            testDescription: "an inner packet of the other family", counter: .inStateModeError,
            prepare: { $0.changeStates(of: 1) { $0.state.takesEitherFamily = false } }, family: .v6),
        CounterCase(
            testDescription: "an inner packet shorter than a header", counter: .inStateModeError,
            change: { $0 = sealed($0, inner: [0x45, 0, 0, 3]) }),
        CounterCase(
            testDescription: "a number behind the window", counter: .inStateSequenceError,
            prepare: { setWindow(&$0, size: 32, highest: 1000) }),
        CounterCase(
            testDescription: "the number 0", counter: .inStateSequenceError,
            prepare: { setWindow(&$0, size: 32, highest: 0) }, change: { $0[27] = 0 }),
        CounterCase(
            testDescription: "plain ESP for a state of ESP in UDP", counter: .inStateMismatch,
            prepare: { $0.changeStates(of: 1) { $0.state.encapsulation = UDPEncapsulation() } }),
        CounterCase(
            testDescription: "another reqid than the policy asks for", counter: .inTemplateMismatch,
            prepare: { $0.changeStates(of: 1) { $0.state.requestID = 2 } }),
        CounterCase(
            testDescription: "another source than the policy asks for", counter: .inTemplateMismatch,
            prepare: { $0.changeStates(of: 1) { $0.state.source = NetworkScene.nodeAddress(.v4, 9) } }),
        CounterCase(
            testDescription: "no policy at all", counter: .inNoPolicies,
            prepare: { try $0.network.nodes[1].xfrm.apply(.flushPolicies) }),
        CounterCase(
            testDescription: "no output mark, so that no policy is found", counter: .inNoPolicies,
            prepare: { $0.changeStates(of: 1) { $0.state.outputMark = nil } }),
        CounterCase(
            testDescription: "a policy that blocks what arrives", counter: .inPolicyBlock,
            prepare: { try setPolicy(.fwd, &$0, at: 1) { $0.action = .block } }),
        CounterCase(
            testDescription: "a policy that blocks what leaves", counter: .outPolicyBlock, node: 0,
            prepare: { try setPolicy(.out, &$0, at: 0) { $0.action = .block } }),
        CounterCase(
            testDescription: "no state to send by", counter: .outNoStates, node: 0,
            prepare: { try deleteStates(&$0, receiving: false, at: 0) }),
        CounterCase(
            testDescription: "IPv6 in a state of IPv4 alone", counter: .outPolicyError, node: 0,
            prepare: { $0.changeStates(of: 0) { $0.state.takesEitherFamily = false } }, family: .v6),
        CounterCase(
            testDescription: "a state of another reqid than the template's", counter: .outPolicyError, node: 0,
            prepare: { $0.changeStates(of: 0) { $0.state.requestID = 5 } }),
        CounterCase(
            testDescription: "all sequence numbers used", counter: .outStateSequenceError, node: 0,
            prepare: { $0.changeStates(of: 0) { $0.sequence = 0xffff_ffff } }),
        CounterCase(
            testDescription: "all extended sequence numbers used", counter: .outStateSequenceError, node: 0,
            prepare: {
                $0.changeStates(of: 0) {
                    $0.state.hasExtendedSequence = true
                    $0.sequence = .max
                }
            }),
    ]

    @Test(arguments: cases)
    func everyFailureCountsWhereLinuxCountsIt(_ failure: CounterCase) throws {
        var scene = try NetworkScene(.upstream)
        try failure.prepare(&scene)
        let packet = NetworkScene.packet(failure.family)
        let journey: Journey
        if let change = failure.change {
            var sender = try NetworkScene(.upstream)
            var wire = try #require(sender.carry(packet).trace.packets(at: .wire).first)
            change(&wire)
            setLength(&wire)
            journey = scene.carry(wire, from: .wire).journey
        } else {
            journey = scene.carry(packet).journey
        }
        #expect(journey.end == .dropped(.xfrm(failure.counter), node: failure.node))
        for node in 0..<2 {
            let raised = scene.network.nodes[node].xfrm.counters.raised
            #expect(raised.map(\.counter) == (node == failure.node ? [failure.counter] : []))
            #expect(raised.allSatisfy { $0.count == failure.count })
        }
        #expect(journey.error == nil)
    }

    @Test func theLastSequenceNumberIsStillSent() throws {
        var scene = try NetworkScene(.upstream)
        scene.changeStates(of: 0) { $0.sequence = 0xffff_fffe }
        let (journey, trace) = scene.carry(NetworkScene.packet())
        #expect(journey.end == .pod(1))
        #expect(trace.packets(at: .wire).first?[24..<28] == [0xff, 0xff, 0xff, 0xff])
        #expect(scene.carry(NetworkScene.packet()).journey.end == .dropped(.xfrm(.outStateSequenceError), node: 0))
    }

    /// With replay window 0, upstream's choice, a packet is taken as often as it is sent.
    @Test(arguments: [(Preset.upstream, 3), (.hardened, 1)])
    func aReplayIsAPacketWithoutAWindow(_ preset: Preset, _ expected: Int) throws {
        var (sender, receiver) = (try NetworkScene(preset), try NetworkScene(preset))
        let wire = try #require(sender.carry(NetworkScene.packet()).trace.packets(at: .wire).first)
        let ends = (0..<3).map { _ in receiver.carry(wire, from: .wire).journey.end }
        #expect(ends.count { $0 == .pod(1) } == expected)
        #expect(receiver.network.nodes[1].xfrm.counters[.inStateSequenceError] == UInt64(3 - expected))
        #expect(receiver.network.nodes[1].xfrm.states.map(\.replayCount).reduce(0, +) == UInt64(3 - expected))
    }

    /// A forged number far ahead is no reason to forget what came before it.
    @Test func theWindowStaysWhereItIsOnAWrongICV() throws {
        var (sender, receiver) = (try NetworkScene(.hardened), try NetworkScene(.hardened))
        let wire = try #require(sender.carry(NetworkScene.packet()).trace.packets(at: .wire).first)
        var forged = wire
        forged[26] = 0x10
        #expect(receiver.carry(forged, from: .wire).journey.end == .dropped(.xfrm(.inStateProtocolError), node: 1))
        #expect(receiver.carry(wire, from: .wire).journey.end == .pod(1))
    }
}

private func cut(_ packet: [UInt8], to count: Int) -> [UInt8] { Array(packet[..<count]) }

private func setLength(_ packet: inout [UInt8]) {
    packet.replaceSubrange(2..<4, with: RawPacket.network(packet.count, 2))
    packet.replaceSubrange(10..<12, with: [0, 0])
    packet.replaceSubrange(10..<12, with: RawPacket.network(Int(InternetChecksum.of(Array(packet[..<20]))), 2))
}

/// An ESP packet like another, of other contents.
private func sealed(_ wire: [UInt8], inner: [UInt8]? = nil, nextHeader: UInt8 = 4) -> [UInt8] {
    guard let scene = try? NetworkScene(.upstream), let cipher = scene.network.nodes[0].xfrm.sending?.cipher else {
        return []
    }
    var packet = Array(wire[..<20])
    let contents = inner ?? NetworkScene.packet()
    // Bytes have no padding that could be uninitialized.
    cipher.seal(
        unsafe contents.span.bytes, nextHeader: IPProtocol(rawValue: nextHeader), spi: SPI(rawValue: 1), sequence: 7,
        iv: 77, into: &packet, after: 20)
    return packet
}

private func deleteStates(_ scene: inout NetworkScene, receiving: Bool, at node: Int) throws {
    for state in scene.network.nodes[node].xfrm.states where (state.state.outputMark != nil) == receiving {
        try scene.network.nodes[node].xfrm.apply(.deleteState(state.state.id))
    }
}

private func setWindow(_ scene: inout NetworkScene, size: UInt32, highest: UInt64) {
    scene.changeStates(of: 1) { $0.window = ReplayWindow(size: size, highest: highest) ?? $0.window }
}

private func setPolicy(
    _ direction: XFRMPolicy.Direction, _ scene: inout NetworkScene, at node: Int, _ change: (inout XFRMPolicy) -> Void
) throws {
    for policy in scene.network.nodes[node].xfrm.policies(direction) {
        var changed = policy
        change(&changed)
        try scene.network.nodes[node].xfrm.apply(.updatePolicy(changed))
    }
}

extension XFRMDatabase {
    fileprivate var sending: State? { states.first { $0.state.outputMark == nil } }
}
