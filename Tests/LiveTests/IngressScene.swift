import KernelABI
import Model

@testable import Live

/// Destinations of every kind, and who asks.
enum IngressScene {
    static let client = IPAddress.v4(0x0A00_0001)
    static let client6 = IPAddress.v6(high: 0xFD00 << 48, low: 1)
    /// Identity 66, which is denied.
    static let denied = IPAddress.v4(0x0A00_0042)
    /// Identity 5.
    static let known = IPAddress.v4(0x0A00_0005)
    /// Matches nothing.
    static let stranger = IPAddress.v4(0xC0A8_0001)
    static let stranger6 = IPAddress.v6(high: 0x2001_0DB8 << 32, low: 9)
    static let probe = IPAddress.v4(0xC0A8_00FE)

    /// DENY identity 66; ALLOW 10.0.0.0/24, fd00::/64 to port 80; dry runs as below.
    static let judged = IPAddress.v4(0x0A01_0002)
    static let judged6 = IPAddress.v6(high: 0xFD00_0001 << 32, low: 2)
    static let open = IPAddress.v4(0x0A01_0003)
    static let closed = IPAddress.v4(0x0A01_0004)
    /// Its slot names a view beyond the array.
    static let lost = IPAddress.v4(0x0A01_0005)
    /// Its entry is another address's.
    static let reused = IPAddress.v4(0x0A01_0006)
    /// Only a DENY of identity 66.
    static let lenient = IPAddress.v4(0x0A01_0007)
    /// ALLOW identity 5; dry runs: DENY port 81, ALLOW 10.0.0.1.
    static let tried = IPAddress.v4(0x0A01_0008)
    /// Nothing but a dry ALLOW of 10.0.0.1.
    static let triedOnly = IPAddress.v4(0x0A01_0009)
    /// A range of its view is beyond the array.
    static let broken = IPAddress.v4(0x0A01_000A)
    static let elsewhere = IPAddress.v4(0x0A09_0009)

    static let network: ClosedRange<UInt32> = 0x0A00_0000...0x0A00_00FF
    static let isDenied = Alternative(identities: 66...66)
    static let isAllowed = Alternative(sources: network, sources6: (0xFD00 << 48)...(0xFD00 << 48), ports: 80...80)

    static var writes: [AuthorizationWrite] {
        var writer = ViewWriter()
        writer.set(1, HandMadeView(deny: [isDenied], allow: [isAllowed], hasAllow: true))
        writer.set(2, state: KM_VIEW_OPEN)
        writer.set(3, state: KM_VIEW_CLOSED)
        writer.set(4, HandMadeView(deny: [isDenied]))
        writer.set(
            5,
            HandMadeView(
                allow: [Alternative(identities: 5...5)], dryDeny: [Alternative(ports: 81...81)],
                dryAllow: [Alternative(sources: 0x0A00_0001...0x0A00_0001)], hasAllow: true, hasDryAllow: true))
        writer.set(6, HandMadeView(dryAllow: [Alternative(sources: 0x0A00_0001...0x0A00_0001)], hasDryAllow: true))
        writer.judge(judged, by: 1)
        writer.judge(judged6, by: 1)
        writer.judge(open, by: 2)
        writer.judge(closed, by: 3)
        writer.judge(lost, by: 1000)
        writer.judge(lenient, by: 4)
        writer.judge(tried, by: 5)
        writer.judge(triedOnly, by: 6)
        writer.judge(broken, by: 7)
        var view = AuthorizationView()
        view.state = KM_VIEW_JUDGED.rawValue
        view.identities = AuthorizationAxis(first: UInt32(PacketRun.small.ranges), count: 1)
        return writer.all + [
            .setView(7, view),
            .putDestination(MapAddress(reused), AuthorizationDestination(slot: 1, check: 1)),
            .putIdentity(MapAddress(denied), IdentityValue(identity: 66, check: MapAddress(denied).check)),
            .putIdentity(MapAddress(known), IdentityValue(identity: 5, check: MapAddress(known).check)),
        ]
    }

    static func run(_ preset: Preset = .hardened, _ change: (inout ProgramSettings) -> Void = { _ in }) throws
        -> PacketRun
    {
        let run = try PacketRun(preset) {
            $0.probeSources = [probe]
            change(&$0)
        }
        // Without judging there is no room for policies, and no need.
        if preset == .hardened { try run.apply(writes) }
        return run
    }
}

extension HandMadeView {
    init(deny: [Alternative] = [], allow: [Alternative] = [], hasAllow: Bool = false) {
        (self.deny, self.allow, self.hasAllow) = (deny, allow, hasAllow)
    }
}
