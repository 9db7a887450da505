import KernelABI

/// What a view leads to, before it has places in the maps: rows count from 0, in units of `rowsEach`.
struct ViewForm: Sendable {
    var state = KM_VIEW_JUDGED
    var rules: [AuthorizationRule] = []
    var identities: [(from: UInt32, row: Int)] = []
    var sources4: [(from: UInt32, row: Int)] = []
    var sources6: [(from: UInt128, row: Int)] = []
    var ports: [(from: UInt32, row: Int)] = []
    /// Each with `wordCount` words.
    var rows: [[UInt64]] = []
    /// Where the sections end, in words.
    var denyEnd = 0
    var allowEnd = 0
    var dryDenyEnd = 0
    var wordCount = 0
    var hasAllow = false
    var hasDryAllow = false

    /// Map entries that one row takes.
    var rowsEach: Int { max(1, (wordCount + Int(KM_ROW_WORD_COUNT) - 1) / Int(KM_ROW_WORD_COUNT)) }

    /// The view of policies that apply to a destination.
    /// - Returns: nil when there are more alternatives or ranges than a view takes, or a policy has none that fit.
    init?(_ policies: [CompiledPolicy], destination: IPAddress) {
        hasAllow = policies.contains { $0.policy.action == .allow && !$0.policy.isDryRun }
        hasDryAllow = policies.contains { $0.policy.action == .allow && $0.policy.isDryRun }
        var placed: [(bit: Int, alternative: PolicyAlternative)] = []
        for (isDryRun, action) in [(false, Policy.Action.deny), (false, .allow), (true, .deny), (true, .allow)] {
            for policy in policies where policy.policy.isDryRun == isDryRun && policy.policy.action == action {
                guard let alternatives = policy.alternatives else { return nil }
                for (rule, alternative) in alternatives where alternative.destinations.contains(destination) {
                    placed.append((rules.count, alternative))
                    rules.append(AuthorizationRule(policy_id: policy.id, rule: UInt32(rule)))
                }
            }
            // Sections are of whole words.
            rules += repeatElement(AuthorizationRule(), count: (64 - rules.count % 64) % 64)
            guard rules.count <= AuthorizationCapacities.mostAlternatives else { return nil }
            wordCount = rules.count / 64
            switch (isDryRun, action) {
            case (false, .deny): denyEnd = wordCount
            case (false, .allow): allowEnd = wordCount
            case (true, .deny): dryDenyEnd = wordCount
            case (true, .allow): break
            }
        }
        var table = RowTable(wordCount: wordCount)
        identities = table.axis(placed.lazy.map { ($0.bit, $0.alternative.identities) })
        sources4 = table.axis(placed.lazy.map { ($0.bit, $0.alternative.sources.v4) })
        sources6 = table.axis(placed.lazy.map { ($0.bit, $0.alternative.sources.v6) })
        ports = table.axis(placed.lazy.map { ($0.bit, $0.alternative.ports) })
        rows = table.rows
        let most = AuthorizationCapacities.mostRanges
        guard max(identities.count, sources4.count, sources6.count, ports.count) <= most else { return nil }
    }

    /// The view of a destination to which no policy applies.
    static let open = ViewForm(state: KM_VIEW_OPEN)

    private init(state: km_view_state) { self.state = state }
}

/// Rows of bits, each kept once.
private struct RowTable {
    let wordCount: Int
    private(set) var rows: [[UInt64]] = []
    private var indices: [[UInt64]: Int] = [:]

    init(wordCount: Int) { self.wordCount = wordCount }

    /// Divides an axis into ranges on which the same alternatives hold.
    mutating func axis<Bound>(
        _ sets: some Sequence<(Int, IntervalSet<Bound>)>
    ) -> [(from: Bound, row: Int)] {
        var changes: [(at: Bound, bit: Int)] = []
        for (bit, set) in sets { changes += set.bounds.map { ($0, bit) } }
        changes.sort { $0.at < $1.at }
        var row = [UInt64](repeating: 0, count: wordCount)
        var ranges: [(from: Bound, row: Int)] = []
        var at: Bound = 0
        var next = 0
        while true {
            while next < changes.count, changes[next].at == at {
                row[changes[next].bit / 64] ^= 1 << UInt64(changes[next].bit % 64)
                next += 1
            }
            let index = index(of: row)
            if ranges.last?.row != index { ranges.append((at, index)) }
            guard next < changes.count else { return ranges }
            at = changes[next].at
        }
    }

    private mutating func index(of row: [UInt64]) -> Int {
        if let index = indices[row] { return index }
        indices[row] = rows.count
        rows.append(row)
        return rows.count - 1
    }
}
