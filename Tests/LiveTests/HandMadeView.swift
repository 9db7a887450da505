import KernelABI
import Model

/// A condition that rows of a view stand for: one bit. What is nil is not asked for.
struct Alternative {
    var identities: ClosedRange<UInt32>?
    /// IPv4, in host order.
    var sources: ClosedRange<UInt32>?
    /// The upper halves of IPv6 addresses, in host order.
    var sources6: ClosedRange<UInt64>?
    var ports: ClosedRange<UInt16>?

    /// Conditions on sources of one family leave none of the other.
    private var asksForSource: Bool { sources != nil || sources6 != nil }

    func holds(identity: UInt32) -> Bool { identities?.contains(identity) ?? true }
    func holds(source: UInt32) -> Bool { asksForSource ? sources?.contains(source) ?? false : true }
    func holds(source6: UInt64) -> Bool { asksForSource ? sources6?.contains(source6) ?? false : true }
    func holds(port: UInt16) -> Bool { ports?.contains(port) ?? true }
}

/// The alternatives of a view by section, compiled the plain way: to compare what the programs make of it.
struct HandMadeView {
    var deny: [Alternative] = []
    var allow: [Alternative] = []
    var dryDeny: [Alternative] = []
    var dryAllow: [Alternative] = []
    /// Whether ALLOW policies apply, with or without alternatives.
    var hasAllow = false
    var hasDryAllow = false
}

/// Puts views side by side into the maps.
struct ViewWriter {
    /// Beyond what the arrays hold of it.
    private(set) var writes: [AuthorizationWrite] = []
    private var rows: [AuthorizationRow] = [AuthorizationRow()]
    private var ranges: [AuthorizationRange] = []
    private var ranges6: [AuthorizationRange6] = []
    private var rules: [AuthorizationRule] = []
    private var slotCount: UInt32 = 1

    /// Everything, in an order in which nothing is named before it is there.
    var all: [AuthorizationWrite] {
        [.setRows(0, rows), .setRanges(0, ranges), .setRanges6(0, ranges6), .setRules(0, rules)] + writes
    }

    /// Makes an address one that is judged, by a view.
    mutating func judge(_ address: IPAddress, by view: UInt32, backend: UInt32 = 7) {
        let key = MapAddress(address)
        writes.append(.setSlot(Int(slotCount), AuthorizationSlot(view: view, backend_uid: backend)))
        writes.append(.putDestination(key, AuthorizationDestination(slot: slotCount, check: key.check)))
        slotCount += 1
    }

    mutating func set(_ index: Int, state: km_view_state) {
        var view = AuthorizationView()
        view.state = state.rawValue
        writes.append(.setView(index, view))
    }

    mutating func set(_ index: Int, _ made: HandMadeView) {
        // A bit each; sections begin with words.
        var bits: [Alternative?] = []
        var ends: [UInt16] = []
        for section in [made.deny, made.allow, made.dryDeny, made.dryAllow] {
            bits += section.map { $0 }
            while !bits.count.isMultiple(of: 64) { bits.append(nil) }
            ends.append(UInt16(bits.count / 64))
        }
        var view = AuthorizationView()
        view.state = KM_VIEW_JUDGED.rawValue
        view.first_rule = UInt32(rules.count)
        rules += (0..<bits.count).map { AuthorizationRule(policy_id: UInt32(index), rule: UInt32($0)) }
        (view.deny_end, view.allow_end, view.dry_deny_end, view.dry_allow_end) = (ends[0], ends[1], ends[2], ends[3])
        (view.has_allow, view.has_dry_allow) = (made.hasAllow ? 1 : 0, made.hasDryAllow ? 1 : 0)
        let alternatives = bits.compactMap { $0 }
        view.identities = axis(bounds(alternatives.map(\.identities))) { value in
            bits.map { $0?.holds(identity: value) }
        }
        view.sources4 = axis(bounds(alternatives.map(\.sources))) { value in bits.map { $0?.holds(source: value) } }
        view.ports = axis(bounds(alternatives.map(\.ports)).map { UInt32($0) }) { value in
            bits.map { $0?.holds(port: UInt16(value)) }
        }
        let high = bounds(alternatives.map(\.sources6))
        view.sources6 = AuthorizationAxis(first: UInt32(ranges6.count), count: UInt32(high.count))
        for value in high {
            let row = add(bits.map { $0?.holds(source6: value) })
            ranges6.append(AuthorizationRange6(high: value, low: 0, row: row, pad: 0))
        }
        writes.append(.setView(index, view))
    }

    /// Where something begins or is over, from 0 on.
    private func bounds<Value: FixedWidthInteger>(_ ranges: [ClosedRange<Value>?]) -> [Value] {
        var bounds: Set<Value> = [0]
        for case let range? in ranges {
            bounds.insert(range.lowerBound)
            if range.upperBound != .max { bounds.insert(range.upperBound + 1) }
        }
        return bounds.sorted()
    }

    private mutating func axis(_ values: [UInt32], _ bits: (UInt32) -> [Bool?]) -> AuthorizationAxis {
        let axis = AuthorizationAxis(first: UInt32(ranges.count), count: UInt32(values.count))
        for value in values { ranges.append(AuthorizationRange(from: value, row: add(bits(value)))) }
        return axis
    }

    /// Rows side by side; their index.
    private mutating func add(_ bits: [Bool?]) -> UInt32 {
        let first = UInt32(rows.count)
        for start in stride(from: 0, to: max(bits.count, 1), by: 512) {
            var words = InlineArray<8, UInt64>(repeating: 0)
            for (place, bit) in bits[start..<min(start + 512, bits.count)].enumerated() where bit == true {
                words[place / 64] |= 1 << UInt64(place % 64)
            }
            // Same layout: a C array of eight u64.
            rows.append(
                AuthorizationRow(word: unsafe unsafeBitCast(words, to: (type(of: AuthorizationRow().word)).self)))
        }
        return first
    }
}
