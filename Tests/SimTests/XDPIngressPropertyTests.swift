import Model
import Sim
import TestSupport
import Testing

/// What a reader without limits says of the bytes: the destination, and whether a frame may carry TCP to it. Written
/// by slices, to differ from the parser under test.
private struct LooseReading {
    /// nil where none can be told.
    var destination: IPAddress?
    var mayBeTCP = true

    /// nil for what is no IP.
    init?(_ frame: [UInt8]) {
        var rest = frame.dropFirst(12)
        var tags = 0
        while let type = rest.first(2), [[0x81, 0], [0x88, 0xa8]].contains(type) {
            rest = rest.dropFirst(4)
            tags += 1
        }
        guard tags < 3, let type = rest.first(2) else { return }
        rest = rest.dropFirst(2)
        switch type {
        case [8, 0]:
            guard let header = rest.first(20), header[0] >> 4 == 4 else { return }
            destination = IPAddress(bytes: header[16..<20])
            let isLater = header[6] & 0x1f != 0 || header[7] != 0
            let data = rest.dropFirst(Int(header[0] & 15) * 4)
            mayBeTCP = isLater ? header[9] == 6 : Self.leadsToTCP(header[9], data, extensions: [51])
        case [0x86, 0xdd]:
            guard let header = rest.first(40), header[0] >> 4 == 6 else { return }
            destination = IPAddress(bytes: header[24..<40])
            let extensions: [UInt8] = [0, 43, 44, 51, 60, 135, 139, 140]
            mayBeTCP = Self.leadsToTCP(header[6], rest.dropFirst(40), extensions: extensions)
        default: return nil
        }
    }

    private static func leadsToTCP(_ next: UInt8, _ rest: ArraySlice<UInt8>, extensions: [UInt8]) -> Bool {
        guard extensions.contains(next) else { return next == 6 }
        // Cut off: it could have been TCP.
        guard let start = rest.first(8) else { return true }
        if next == 44, start[2] != 0 || start[3] & 0xf8 != 0 { return start[0] == 6 || extensions.contains(start[0]) }
        let byteCount = next == 44 ? 8 : next == 51 ? (Int(start[1]) + 2) * 4 : (Int(start[1]) + 1) * 8
        return leadsToTCP(start[0], rest.dropFirst(byteCount), extensions: extensions)
    }
}

extension ArraySlice<UInt8> {
    /// The first bytes, nil where there are fewer.
    fileprivate func first(_ count: Int) -> [UInt8]? { self.count >= count ? Array(prefix(count)) : nil }
}

/// Frames of any shape that the builder knows: a whole packet, or two fragments of one in either order.
private func drawnFrames(_ random: inout SplitMix64) -> [[UInt8]] {
    let isIPv6 = random.isOneIn(2)
    let port = random.one(of: ["80", "81", "22"])
    let flow =
        isIPv6
        ? IngressFixture.flow("[fd00::5]:4", "[fd00::2]:\(port)")
        : IngressFixture.flow(
            "10.0.1.\(random.one(of: [5, 6, 7])):4", "10.0.0.\(random.one(of: [2, 2, 7, 3 + random.below(12)])):\(port)"
        )
    var builder = PacketBuilder(flow, flags: TCPFlags(rawValue: UInt8(random.below(32))))
    builder.tags = random.one(of: [[], [], [.vlan], [.serviceVLAN, .vlan], [.vlan, .vlan, .vlan]])
    builder.payload = [UInt8](repeating: 6, count: random.below(60))
    builder.tcpOptions = [UInt8](repeating: 1, count: random.below(41))
    builder.ipOptions = [UInt8](repeating: 1, count: random.below(41))
    let kinds: [IPProtocol] =
        isIPv6
        ? [.hopByHop, .routing, .destinationOptions, .authentication, .mobility, .hip, .shim6] : [.authentication]
    builder.extensionHeaders = (0..<random.one(of: [0, 0, 1, 2, 8, 9])).map { _ in
        .init(random.one(of: kinds), contents: [0, UInt8(random.below(8) / 7)])
    }
    guard random.isOneIn(3) else { return [builder.frame] }
    let (cut, identification) = (8 * (1 + random.below(16)), UInt32(random.below(3)))
    let parts = [0..<cut, cut..<cut + 64].map { builder.fragment($0, identification: identification, hasMore: true) }
    return random.isOneIn(4) ? parts.reversed() : parts
}

/// Random bytes in random places; sometimes cut, sometimes longer.
private func mangle(_ frame: inout [UInt8], _ random: inout SplitMix64) {
    for _ in 0..<random.below(4) {
        // Mostly the headers.
        let at = random.below(random.isOneIn(3) ? frame.count : min(frame.count, 64))
        frame[at] = random.one(of: [UInt8(random.below(256)), 0, 6, 17, 44, 60, 255])
    }
    if random.isOneIn(5) { frame.removeLast(random.below(frame.count)) }
    if random.isOneIn(5) { frame += [UInt8](repeating: 6, count: random.below(30)) }
}

@Test func whatPassesToAJudgedDestinationIsAllowedOrNoTCP() {
    var reasons: Set<Reason> = []
    forEachSeed(count: 400) { seed in
        var random = SplitMix64(seed: seed)
        guard var fixture = try? IngressFixture() else {
            Issue.record("no fixture")
            return
        }
        // Judged or closed: everything but 10.0.0.3.
        let open = IPAddress("10.0.0.3")
        var frames: [[UInt8]] = []
        for step in 0..<60 {
            if random.isOneIn(20) { try? fixture.policies.apply(.setGeneration(UInt32(7 + random.below(2)))) }
            if frames.isEmpty { frames = drawnFrames(&random) }
            var frame = frames.removeFirst()
            if random.isOneIn(2) { mangle(&frame, &random) }
            let decision = fixture.run(frame)
            reasons.insert(decision.reason)
            let reading = LooseReading(frame)
            let isJudged = reading?.destination.map { $0 != open && fixture.policies.destination($0) != nil }
            let comment: Comment = "seed \(seed) step \(step)"
            switch decision.reason {
            case .notIP: #expect(reading == nil, comment)
            case .notTCP: #expect(reading?.mayBeTCP == false, comment)
            case .notJudged, .noPolicy, .malformedPassed: #expect(isJudged == false, comment)
            case .allowedBefore, .fragmentAllowed, .allowedByPolicy, .allowedByDefault:
                #expect(isJudged == true && decision.verdict == .pass, comment)
            default: #expect(decision.verdict == .drop && isJudged != false, comment)
            }
        }
    }
    let expected: Set<Reason> = [
        .notIP, .notTCP, .notJudged, .noPolicy, .malformedPassed, .malformedDropped, .allowedBefore, .deniedBefore,
        .allowedByPolicy, .allowedByDefault, .deniedByPolicy, .deniedByDefault, .policiesMissing, .fragmentAllowed,
        .fragmentDropped,
    ]
    #expect(reasons == expected)
}

/// What the hook keeps is bounded and never lets in what an empty one would not: replaying any sequence, each pass of a
/// packet that opens a connection is the pass of a fresh hook.
@Test func whatIsKeptNeverLetsAnOpeningPacketIn() throws {
    let fresh = try IngressFixture()
    forEachSeed(count: 100) { seed in
        var random = SplitMix64(seed: seed)
        var fixture = fresh
        for step in 0..<60 {
            let flow = IngressFixture.flow(
                "10.0.1.\(5 + random.below(2)):\(1 + random.below(3))",
                "10.0.0.\(random.one(of: [2, 7])):\(random.one(of: [22, 80, 81]))")
            if random.isOneIn(6) { fixture.flows.open(flow, now: 1) }
            let packet = TCPPacket(flow, isOpening: random.isOneIn(2))
            let decision = fixture.run(.tcp(packet))
            guard packet.isOpening else { continue }
            var other = fresh
            #expect(other.run(.tcp(packet)).reason == decision.reason, "seed \(seed) step \(step)")
        }
    }
}
