import KernelABI
import Model
import Sim

/// Maps of compiled policies written by hand, and the hook over them. The destinations, all with port 80 in mind:
///
/// | address | backend | policies |
/// |---|---|---|
/// | 10.0.0.2, fd00::2 | 102 | DENY identity 5; ALLOW port 80 |
/// | 10.0.0.3 | 103 | none |
/// | 10.0.0.4 | 104 | could not be compiled |
/// | 10.0.0.5 | 105 | as a dry run, DENY port 80 |
/// | 10.0.0.6 | 106 | ALLOW nothing; as a dry run, ALLOW port 80 |
/// | 10.0.0.7 | 107 | DENY port 22 |
/// | 10.0.0.8 to 10.0.0.14 | | broken maps: see `init` |
struct IngressFixture {
    static let probe = "192.168.0.11"

    var policies = AuthorizationMaps(capacities: .large)
    var flows = InboundFlows(capacities: .init(verdicts: 16, opened: 16, fragments: 4))
    var trace = Trace()
    var now: UInt64 = 5_000_000_000
    var hook = XDPIngress(probeSources: [IPAddress(probe) ?? .anyV4], denialsPerSecond: 1000)

    init() throws {
        try policies.apply(.setGeneration(7))
        // Two words: nothing, both, the second, the first.
        let rows: [[UInt64]] = [[0, 0], [.max, .max], [0, .max], [.max, 0]]
        try policies.apply(.setRows(0, rows.map(Self.row)))
        try policies.apply(
            .setRanges(
                0,
                [
                    // Identities: 5 may be denied.
                    .init(from: 0, row: 2), .init(from: 5, row: 1), .init(from: 6, row: 2),
                    // Everything.
                    .init(from: 0, row: 1),
                    // Ports: ALLOW 80 only, DENY any.
                    .init(from: 0, row: 3), .init(from: 80, row: 1), .init(from: 81, row: 3),
                    // Ports: 80 only.
                    .init(from: 0, row: 0), .init(from: 80, row: 1), .init(from: 81, row: 0),
                    // Ports: 22 only.
                    .init(from: 0, row: 0), .init(from: 22, row: 1), .init(from: 23, row: 0),
                    // A row that is not there.
                    .init(from: 0, row: 1000),
                ]))
        try policies.apply(.setRanges6(0, [.init(high: 0, low: 0, row: 1, pad: 0)]))
        // Rules by alternative: policy 900 + word, rule the bit.
        let rules = (0..<128).map { AuthorizationRule(policy_id: 900 + UInt32($0 / 64), rule: UInt32($0 % 64)) }
        try policies.apply(.setRules(0, rules))

        try judged("10.0.0.2", 102, slot: 1, ends: (1, 2, 2, 2), allow: true, ports: (4, 3), identities: (0, 3))
        try destination("fd00::2", slot: 1)
        try view(2, AuthorizationView.with { $0.state = KM_VIEW_OPEN.rawValue }, 103)
        try destination("10.0.0.3", slot: 2)
        try view(3, .closed, 104)
        try destination("10.0.0.4", slot: 3)
        try judged("10.0.0.5", 105, slot: 4, ends: (0, 0, 1, 1), ports: (7, 3))
        try judged("10.0.0.6", 106, slot: 5, ends: (0, 0, 0, 1), allow: true, dryAllow: true, ports: (7, 3))
        try judged("10.0.0.7", 107, slot: 6, ends: (1, 1, 1, 1), ports: (10, 3))
        // A slot, a view and a row that are not there, a state that is none, a rule that is not there, an axis without
        // ranges, and an element of another address.
        try destination("10.0.0.8", slot: 10_000)
        try policies.apply(.setSlot(7, AuthorizationSlot(view: 10_000, backend_uid: 109)))
        try destination("10.0.0.9", slot: 7)
        try judged("10.0.0.10", 110, slot: 8, ends: (1, 1, 1, 1), ports: (13, 1))
        try view(9, AuthorizationView.with { $0.state = 3 }, 111)
        try destination("10.0.0.11", slot: 9)
        try judged("10.0.0.12", 112, slot: 10, ends: (1, 1, 1, 1), ports: (7, 3), firstRule: 1000)
        try judged("10.0.0.13", 113, slot: 11, ends: (1, 1, 1, 1), ports: (3, 0))
        try policies.apply(.putDestination(Self.key("10.0.0.14"), AuthorizationDestination(slot: 2, check: 1)))

        try identity("10.0.1.5", 5)
        try identity("10.0.1.6", 6)
        try identity("fd00::5", 5)
        try policies.apply(.putIdentity(Self.key("10.0.1.7"), IdentityValue(identity: 6, check: 1)))
    }

    // MARK: Running

    mutating func run(_ packet: IngressPacket) -> IngressDecision {
        trace.removeAll()
        return hook.run(packet, policies: policies, flows: &flows, now: now, recorder: &trace)
    }

    mutating func run(_ frame: [UInt8]) -> IngressDecision { run(IngressPacket(parsing: frame)) }

    /// A TCP packet.
    mutating func run(_ source: String, _ destination: String, _ flags: TCPFlags = .syn) -> IngressDecision {
        run(PacketBuilder(Self.flow(source, destination), flags: flags).frame)
    }

    /// One fragment of a TCP packet with 100 bytes of payload.
    mutating func run(
        _ source: String, _ destination: String, fragment range: Range<Int>, _ identification: UInt32 = 1
    ) -> IngressDecision {
        var builder = PacketBuilder(Self.flow(source, destination))
        builder.payload = [UInt8](repeating: 0, count: 100)
        return run(builder.fragment(range, identification: identification))
    }

    static func flow(_ source: String, _ destination: String) -> PacketFlow {
        PacketFlow(source: socketAddress(source), destination: socketAddress(destination))
    }

    // MARK: Writing

    static func key(_ address: String) -> MapAddress { MapAddress(IPAddress(address) ?? .anyV4) }

    private static func row(_ words: [UInt64]) -> AuthorizationRow {
        var row = AuthorizationRow()
        for (index, word) in words.enumerated() { row.words[index] = word }
        return row
    }

    private mutating func identity(_ address: String, _ identity: UInt32) throws {
        let key = Self.key(address)
        try policies.apply(.putIdentity(key, IdentityValue(identity: identity, check: key.check)))
    }

    private mutating func destination(_ address: String, slot: UInt32) throws {
        let key = Self.key(address)
        try policies.apply(.putDestination(key, AuthorizationDestination(slot: slot, check: key.check)))
    }

    /// A view, and the slot of the same number.
    private mutating func view(_ index: Int, _ view: AuthorizationView, _ uid: ResourceID) throws {
        try policies.apply(.setView(index, view))
        try policies.apply(.setSlot(index, AuthorizationSlot(view: UInt32(index), backend_uid: uid)))
    }

    private mutating func judged(
        _ address: String, _ uid: ResourceID, slot: Int, ends: (UInt16, UInt16, UInt16, UInt16), allow: Bool = false,
        dryAllow: Bool = false, ports: (UInt32, UInt32), identities: (UInt32, UInt32) = (3, 1), firstRule: UInt32 = 0
    ) throws {
        let new = AuthorizationView.with {
            $0.state = KM_VIEW_JUDGED.rawValue
            $0.first_rule = firstRule
            $0.identities = AuthorizationAxis(first: identities.0, count: identities.1)
            $0.sources4 = AuthorizationAxis(first: 3, count: 1)
            $0.sources6 = AuthorizationAxis(first: 0, count: 1)
            $0.ports = AuthorizationAxis(first: ports.0, count: ports.1)
            ($0.deny_end, $0.allow_end, $0.dry_deny_end, $0.dry_allow_end) = ends
            $0.has_allow = allow ? 1 : 0
            $0.has_dry_allow = dryAllow ? 1 : 0
        }
        try view(slot, new, uid)
        try destination(address, slot: UInt32(slot))
    }
}

extension AuthorizationView {
    fileprivate static func with(_ change: (inout AuthorizationView) -> Void) -> AuthorizationView {
        var view = AuthorizationView()
        change(&view)
        return view
    }
}
