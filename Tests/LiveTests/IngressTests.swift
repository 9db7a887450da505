import KernelABI
import KernelTestSupport
import Model
import Synchronization
import Testing

@testable import Live

/// What km_xdp_ingress makes of frames, by hand-made views.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct IngressTests {
    private typealias Scene = IngressScene

    // MARK: Reasons

    struct Row {
        var testDescription: String
        var frame: TestFrame
        var first: Reason
        /// Of the same frame again; nil: the same.
        var second: Reason?

        init(_ description: String, _ frame: TestFrame, _ first: Reason, then second: Reason? = nil) {
            (testDescription, self.frame, self.first, self.second) = (description, frame, first, second)
        }
    }

    private static let ack = TestFrame.ack

    static let rows = [
        Row("another protocol", TestFrame().with { $0.protocolNumber = 17 }, .notTCP),
        Row("a destination that is not judged", .between(Scene.client, Scene.elsewhere), .notJudged),
        Row("the same, established", .between(Scene.client, Scene.elsewhere, ack), .notJudged),
        Row("no policy", .between(Scene.stranger, Scene.open), .noPolicy),
        Row("allowed, opening again and again", .between(Scene.client, Scene.judged), .allowedByPolicy),
        Row("allowed, established", .between(Scene.client, Scene.judged, ack), .allowedByPolicy, then: .allowedBefore),
        Row(
            "SYN and ACK opens nothing", .between(Scene.client, Scene.judged, 0x12), .allowedByPolicy,
            then: .allowedBefore),
        Row("denied by a rule", .between(Scene.denied, Scene.judged), .deniedByPolicy),
        Row("denied, established", .between(Scene.denied, Scene.judged, ack), .deniedByPolicy, then: .deniedBefore),
        Row("nothing matches", .between(Scene.stranger, Scene.judged, ack), .deniedByDefault, then: .deniedBefore),
        Row("another port", .between(Scene.client, Scene.judged).with { $0.ports.destination = 81 }, .deniedByDefault),
        Row("no ALLOW policy", .between(Scene.client, Scene.lenient, ack), .allowedByDefault, then: .allowedBefore),
        Row("IPv6, allowed", .between(Scene.client6, Scene.judged6, ack), .allowedByPolicy, then: .allowedBefore),
        Row("IPv6, nothing matches", .between(Scene.stranger6, Scene.judged6), .deniedByDefault),
        Row("a probe of the node", .between(Scene.probe, Scene.judged, ack), .nodeProbe),
        Row("a probe where nothing can be judged", .between(Scene.probe, Scene.closed), .nodeProbe),
        Row("policies that could not be compiled", .between(Scene.client, Scene.closed, ack), .policiesMissing),
        Row("a view beyond the array", .between(Scene.client, Scene.lost, ack), .policiesMissing),
        Row("an entry of another address", .between(Scene.client, Scene.reused, ack), .policiesMissing),
        Row("a range beyond the array", .between(Scene.client, Scene.broken, ack), .policiesMissing),
        Row("one VLAN tag", .between(Scene.denied, Scene.judged).with { $0.tags = [0x8100] }, .deniedByPolicy),
        Row(
            "two VLAN tags", .between(Scene.denied, Scene.judged).with { $0.tags = [0x88A8, 0x8100] }, .deniedByPolicy),
        Row(
            "three VLAN tags", .between(Scene.client, Scene.elsewhere).with { $0.tags = [0x88A8, 0x8100, 0x8100] },
            .malformedDropped),
        Row(
            "IPv4 options", .between(Scene.denied, Scene.judged).with { $0.options = [1, 1, 1, 1] },
            .deniedByPolicy),
        Row(
            "IPv4 options to the last byte",
            .between(Scene.client, Scene.judged).with { $0.options = .init(repeating: 1, count: 40) }, .allowedByPolicy),
        Row("padding", .between(Scene.client, Scene.judged).with { $0.padding = 6 }, .allowedByPolicy),
        Row("a short data offset", .between(Scene.client, Scene.judged).with { $0.dataOffset = 4 }, .malformedDropped),
        Row("a long data offset", .between(Scene.client, Scene.judged).with { $0.dataOffset = 6 }, .malformedDropped),
        Row("the same, no policy", .between(Scene.client, Scene.open).with { $0.dataOffset = 6 }, .malformedPassed),
        Row(
            "the same, not judged", .between(Scene.client, Scene.elsewhere).with { $0.dataOffset = 6 }, .malformedPassed
        ),
        Row(
            "IPv4 and an authentication header",
            .between(Scene.denied, Scene.judged).with { $0.extensions = [(51, [4] + .init(repeating: 0, count: 22))] },
            .deniedByPolicy),
        Row(
            "a later fragment without its first",
            .between(Scene.client, Scene.judged).with { $0.fragment = (false, 3) }, .fragmentDropped),
        Row(
            "a later fragment over the TCP header",
            .between(Scene.client, Scene.judged).with { $0.fragment = (false, 2) }, .malformedDropped),
        Row(
            "a later fragment of UDP",
            .between(Scene.client, Scene.judged).with { ($0.fragment, $0.protocolNumber) = ((false, 1), 17) }, .notTCP),
        Row(
            "a later fragment, no policy", .between(Scene.client, Scene.open).with { $0.fragment = (false, 3) },
            .noPolicy),
        Row(
            "a later fragment, not judged",
            .between(Scene.client, Scene.elsewhere).with { $0.fragment = (false, 3) }, .notJudged),
        Row(
            "a first fragment", .between(Scene.denied, Scene.judged).with { $0.fragment = (true, 0) }, .deniedByPolicy),
    ]

    @Test func everyFrameEndsAsItShould() throws {
        let run = try Scene.run()
        for (number, row) in Self.rows.enumerated() {
            // Forgets what was remembered for the rows before.
            try run.apply([.setGeneration(UInt32(number))])
            #expect(try run.reason(row.frame) == row.first, "\(row.testDescription)")
            #expect(try run.reason(row.frame) == row.second ?? row.first, "\(row.testDescription), again")
        }
    }

    @Test func whatIsNotIPPasses() throws {
        let run = try Scene.run()
        let arp: [UInt8] = .init(repeating: 0xFF, count: 12) + [8, 6] + .init(repeating: 0, count: 28)
        #expect(try run.reason(arp) == .notIP)
    }

    // MARK: IPv6 extension headers

    private static let options: [UInt8] = [0] + .init(repeating: 0, count: 6)

    struct Headers {
        var testDescription: String
        var headers: [(UInt8, [UInt8])]
        var reason: Reason
        var next: UInt8 = 6
    }

    static let headers = [
        Headers(testDescription: "hop by hop", headers: [(0, options)], reason: .deniedByDefault),
        Headers(
            testDescription: "mobility, HIP, shim6", headers: [(135, options), (139, options), (140, options)],
            reason: .deniedByDefault),
        Headers(
            testDescription: "a long one", headers: [(60, [2] + .init(repeating: 0, count: 22))],
            reason: .deniedByDefault),
        Headers(
            testDescription: "authentication", headers: [(51, [4] + .init(repeating: 0, count: 22))],
            reason: .deniedByDefault),
        Headers(testDescription: "eight", headers: .init(repeating: (60, options), count: 8), reason: .deniedByDefault),
        Headers(testDescription: "nine", headers: .init(repeating: (60, options), count: 9), reason: .malformedDropped),
        Headers(
            testDescription: "eight and UDP", headers: .init(repeating: (60, options), count: 8), reason: .notTCP,
            next: 17),
        Headers(
            testDescription: "past the end", headers: [(60, [9] + .init(repeating: 0, count: 6))],
            reason: .malformedDropped),
        Headers(
            testDescription: "a route that is done", headers: [(43, [0, 2, 0, 0, 0, 0, 0])], reason: .deniedByDefault),
        Headers(
            testDescription: "a route with a station left", headers: [(43, [0, 2, 1, 0, 0, 0, 0])],
            reason: .malformedDropped),
        Headers(
            testDescription: "the same and UDP", headers: [(43, [0, 2, 1, 0, 0, 0, 0])], reason: .notTCP, next: 17),
        Headers(testDescription: "encrypted", headers: [], reason: .notTCP, next: 50),
        Headers(testDescription: "nothing follows", headers: [(0, options)], reason: .notTCP, next: 59),
        Headers(
            testDescription: "an atomic fragment", headers: [(44, [0, 0, 0, 0, 0, 0, 1])], reason: .deniedByDefault),
        Headers(testDescription: "a first fragment", headers: [(44, [0, 0, 1, 0, 0, 0, 1])], reason: .deniedByDefault),
        Headers(
            testDescription: "a later fragment", headers: [(44, [0, 0, 24, 0, 0, 0, 1])], reason: .fragmentDropped),
        Headers(
            testDescription: "a later one over TCP", headers: [(44, [0, 0, 17, 0, 0, 0, 1])], reason: .malformedDropped),
        Headers(
            testDescription: "a later one of UDP", headers: [(44, [0, 0, 8, 0, 0, 0, 1])], reason: .notTCP, next: 17),
        Headers(
            testDescription: "a later one of options", headers: [(44, [0, 0, 24, 0, 0, 0, 1]), (60, options)],
            reason: .fragmentDropped),
    ]

    @Test func extensionHeadersAreWalkedOver() throws {
        let run = try Scene.run()
        for row in Self.headers {
            let frame = TestFrame.between(Scene.stranger6, Scene.judged6).with {
                $0.extensions = row.headers.map { (number: $0.0, rest: $0.1) }
                $0.protocolNumber = row.next
            }
            #expect(try run.reason(frame) == row.reason, "\(row.testDescription)")
        }
    }

    // MARK: Frames that end early

    /// Only what cannot be TCP gets to a judged destination when the frame is cut; and nothing reads beyond it.
    @Test func noCutFrameIsLetIn() throws {
        let run = try Scene.run()
        let whole = [
            TestFrame.between(Scene.client, Scene.judged),
            .between(Scene.client, Scene.judged).with { $0.tags = [0x8100, 0x8100] },
            .between(Scene.client, Scene.judged).with { $0.options = .init(repeating: 1, count: 12) },
            .between(Scene.client6, Scene.judged6),
            .between(Scene.client6, Scene.judged6).with {
                $0.extensions = [(0, Self.options), (44, [0, 0, 1, 0, 0, 0, 1]), (60, Self.options)]
            },
        ]
        for frame in whole {
            let bytes = frame.bytes
            #expect(try run.reason(bytes) == .allowedByPolicy)
            for length in 14..<bytes.count {
                #expect(try run.reason(Array(bytes.prefix(length))) == .malformedDropped, "\(length) of \(bytes.count)")
            }
        }
    }

    /// A length that the IP header tells less of is not read beyond either.
    @Test func theIPLengthEndsThePacket() throws {
        let run = try Scene.run()
        for length in 0..<40 {
            var bytes = TestFrame.between(Scene.client, Scene.judged).bytes
            (bytes[16], bytes[17]) = (0, UInt8(length))
            #expect(try run.reason(bytes) == .malformedDropped, "\(length)")
        }
    }

    // MARK: What is remembered

    @Test func anotherGenerationJudgesAnew() throws {
        let run = try Scene.run()
        let frame = TestFrame.between(Scene.client, Scene.judged, Self.ack)
        #expect(try run.reason(frame) == .allowedByPolicy)
        #expect(try run.reason(frame) == .allowedBefore)
        var writer = ViewWriter()
        writer.set(1, HandMadeView(deny: [Scene.isAllowed], hasAllow: true))
        try run.apply(writer.all)
        #expect(try run.reason(frame) == .allowedBefore)
        try run.apply([.setGeneration(1)])
        #expect(try run.reason(frame) == .deniedByPolicy)
        #expect(try run.reason(frame) == .deniedBefore)
    }

    private typealias TupleWords = InlineArray<9, UInt32>

    /// The flow that a pod opened, by its replies.
    private static func words(_ frame: TestFrame) -> TupleWords {
        let ports = UInt32(frame.ports.source) | UInt32(frame.ports.destination) << 16
        let (source, destination) = (MapAddress(frame.source), MapAddress(frame.destination))
        var words = TupleWords(repeating: 0)
        if case .v4 = frame.source {
            (words[0], words[1], words[2]) = (source.word.0, destination.word.0, ports)
        } else {
            (words[0], words[1], words[2], words[3]) = source.word
            (words[4], words[5], words[6], words[7]) = destination.word
            words[8] = ports
        }
        return words
    }

    @Test(arguments: [
        (IngressScene.stranger, IngressScene.judged), (IngressScene.stranger6, IngressScene.judged6),
        (IngressScene.stranger, IngressScene.closed),
    ])
    func repliesPass(_ ends: (IPAddress, IPAddress)) throws {
        let run = try Scene.run()
        let flows = try run.map("km_flow", capacity: 65_536, TupleWords.self, km_flow_value.self)
        let frame = TestFrame.between(ends.0, ends.1, TestFrame.synAck)
        try flows.update(Self.words(frame), to: km_flow_value(opened_ns: 1))
        #expect(try run.reason(frame) == .reply)
        #expect(try run.reason(frame) == .reply)
        // Another end of the peer's is no reply, nor is what the peer opens.
        #expect(try run.reason(frame.with { $0.ports.source = 99 }) != .reply)
        #expect(try run.reason(frame.with { $0.flags = TestFrame.syn }) != .reply)
        #expect(try flows.lookup(Self.words(frame)) != nil)
    }

    @Test(arguments: [false, true])
    func laterFragmentsFollowTheirFirst(_ isIPv6: Bool) throws {
        let run = try Scene.run()
        func fragment(_ source: IPAddress, _ offset: UInt16, id: UInt16 = 7) -> TestFrame {
            TestFrame.between(source, isIPv6 ? Scene.judged6 : Scene.judged).with {
                if isIPv6 {
                    let place = offset * 8 | (offset == 0 ? 1 : 0)
                    $0.extensions = [(44, [0, UInt8(place >> 8), UInt8(place & 0xFF), 0, 0, 0, UInt8(id)])]
                } else {
                    ($0.fragment, $0.identification) = ((offset == 0, offset), id)
                }
            }
        }
        let (good, bad) = isIPv6 ? (Scene.client6, Scene.stranger6) : (Scene.client, Scene.stranger)
        #expect(try run.reason(fragment(good, 3)) == .fragmentDropped)
        #expect(try run.reason(fragment(good, 0)) == .allowedByPolicy)
        #expect(try run.reason(fragment(good, 3)) == .fragmentAllowed)
        #expect(try run.reason(fragment(good, 3, id: 8)) == .fragmentDropped)
        #expect(try run.reason(fragment(bad, 0)) == .deniedByDefault)
        #expect(try run.reason(fragment(bad, 3)) == .fragmentDropped)
        try run.apply([.setGeneration(1)])
        #expect(try run.reason(fragment(good, 3)) == .fragmentDropped)
        // A first fragment that is denied takes the permission back.
        #expect(try run.reason(fragment(good, 0)) == .allowedByPolicy)
        #expect(try run.reason(fragment(good, 0).with { $0.ports.destination = 81 }) == .deniedByDefault)
        #expect(try run.reason(fragment(good, 3)) == .fragmentDropped)
    }

    /// More flows than the map takes: each is judged again, and none let in for want of room.
    @Test func aFullMapOfVerdictsAllowsNothing() throws {
        let run = try Scene.run()
        var denied = TestFrame.between(Scene.stranger, Scene.judged, Self.ack)
        var reasons: [Bool: Int] = [:]
        for port in 1...UInt16.max {
            denied.ports.source = port
            reasons[try run.isPassed(denied), default: 0] += 1
        }
        for port in 1...UInt16(9000) {
            (denied.ports.source, denied.ports.destination) = (port, 443)
            reasons[try run.isPassed(denied), default: 0] += 1
        }
        #expect(reasons == [false: 65_535 + 9000])
        #expect(try run.reason(.between(Scene.client, Scene.judged, Self.ack)) == .allowedByPolicy)
    }

    // MARK: Reports

    private final class Inbox: Sendable {
        let denials = Mutex<[km_denial]>([])
    }

    private static func denials(_ run: borrowing PacketRun, _ body: () throws -> Void) throws -> [km_denial] {
        let inbox = Inbox()
        let buffer = try RingBuffer("km_denial", adopting: try run.dataplane.openMap("km_denial")) { record in
            if let denial = record.record(as: km_denial.self) { inbox.denials.withLock { $0.append(denial) } }
        }
        try body()
        _ = try buffer.consume()
        return inbox.denials.withLock { $0 }
    }

    @Test func denialsAreTold() throws {
        let run = try Scene.run()
        let frames: [TestFrame] = [
            .between(Scene.denied, Scene.judged, Self.ack), .between(Scene.denied, Scene.judged, Self.ack),
            .between(Scene.stranger6, Scene.judged6), .between(Scene.client, Scene.closed),
            .between(Scene.client, Scene.judged).with { $0.dataOffset = 1 },
            .between(Scene.client, Scene.judged).with { $0.fragment = (false, 9) },
            .between(Scene.client, Scene.judged),
        ]
        let denials = try Self.denials(run) { for frame in frames { _ = try run.isPassed(frame) } }
        let reasons: [km_reason] = [
            KM_REASON_DENIED_BY_POLICY, KM_REASON_DENIED_BY_DEFAULT, KM_REASON_POLICIES_MISSING,
            KM_REASON_MALFORMED_DROPPED, KM_REASON_FRAGMENT_DROPPED,
        ]
        #expect(denials.map { UInt32($0.reason) } == reasons.map(\.rawValue))
        let first = try #require(denials.first)
        #expect(first.source.asV4 == Scene.denied && first.destination.asV4 == Scene.judged)
        #expect(first.source_port == 1234 && first.destination_port == 80 && first.is_ipv6 == 0)
        #expect(first.identity == 66 && first.backend_uid == 7 && first.time_ns > 0)
        #expect(first.has_rule == 1 && first.policy_id == 1 && first.rule == 0)
        #expect(denials[1].is_ipv6 == 1 && denials[1].source.asV6 == Scene.stranger6 && denials[1].has_rule == 0)
    }

    @Test func soManyDenialsAreTold() throws {
        let run = try Scene.run { $0.denialsPerSecond = 3 }
        var unreported: UInt64 = 0
        let denials = try Self.denials(run) {
            for _ in 0..<50 {
                unreported += try run.run(TestFrame.between(Scene.stranger, Scene.judged).bytes)
                    .reasons[.denialUnreported, default: 0]
            }
        }
        // The fifty may fall into several seconds on a slow machine.
        #expect(denials.count >= 3 && denials.count < 50)
        #expect(denials.count + Int(unreported) == 50)
    }

    struct DryRun: CustomTestStringConvertible {
        var testDescription: String
        var frame: TestFrame
        var enforced: Reason
        var besides: Reason?
        /// The rule that a dry run's report names.
        var rule: UInt32?
    }

    static let dryRuns = [
        DryRun(testDescription: "as before", frame: .between(Scene.known, Scene.tried), enforced: .allowedByPolicy),
        DryRun(
            testDescription: "a rule would deny",
            frame: .between(Scene.known, Scene.tried).with { $0.ports.destination = 81 },
            enforced: .allowedByPolicy, besides: .dryRunDenies, rule: 64),
        DryRun(
            testDescription: "a rule would allow", frame: .between(Scene.client, Scene.tried),
            enforced: .deniedByDefault,
            besides: .dryRunAllows, rule: 128),
        DryRun(
            testDescription: "one would allow, another deny",
            frame: .between(Scene.client, Scene.tried).with { $0.ports.destination = 81 }, enforced: .deniedByDefault),
        DryRun(
            testDescription: "denied either way", frame: .between(Scene.stranger, Scene.tried),
            enforced: .deniedByDefault),
        DryRun(
            testDescription: "the default would deny", frame: .between(Scene.stranger, Scene.triedOnly),
            enforced: .allowedByDefault, besides: .dryRunDenies),
        DryRun(
            testDescription: "allowed either way", frame: .between(Scene.client, Scene.triedOnly),
            enforced: .allowedByDefault),
    ]

    @Test(arguments: dryRuns)
    func dryRunsAreToldAndNotEnforced(_ row: DryRun) throws {
        let run = try Scene.run()
        var outcome: PacketRun.Outcome?
        let denials = try Self.denials(run) { outcome = try run.run(row.frame.bytes) }
        let expected = [row.enforced, row.besides].compactMap { $0 }
        #expect(outcome?.reasons == Dictionary(uniqueKeysWithValues: expected.map { ($0, 1) }))
        let dry = denials.first { UInt32($0.reason) == row.besides?.code }
        #expect((dry != nil) == (row.besides != nil))
        #expect(dry?.has_rule == (row.besides == nil ? nil : row.rule == nil ? 0 : 1))
        if let rule = row.rule { #expect(dry?.rule == rule) }
        #expect(denials.contains { UInt32($0.reason) == row.enforced.code } == !(outcome?.isPassed ?? true))
    }
}
