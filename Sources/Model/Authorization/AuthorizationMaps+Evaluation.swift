public import KernelABI

/// What a view says of a connection.
@frozen
public struct AuthorizationEvaluation: Hashable, Sendable {
    /// How the verdict would be if dry runs were enforced too, where it would be another.
    @frozen
    public struct DryRun: Hashable, Sendable {
        /// `.dryRunDenies` or `.dryRunAllows`.
        public var reason: Reason
        /// Of the dry run that decides; nil where none does.
        public var alternative: Int?

        public init(_ reason: Reason, alternative: Int?) {
            self.reason = reason
            self.alternative = alternative
        }
    }

    /// `.allowedByPolicy`, `.allowedByDefault`, `.deniedByPolicy` or `.deniedByDefault`.
    public var reason: Reason
    /// The alternative that decides, nil where none does.
    public var alternative: Int?
    public var dryRun: DryRun?

    public init(_ reason: Reason, alternative: Int? = nil, dryRun: DryRun? = nil) {
        self.reason = reason
        self.alternative = alternative
        self.dryRun = dryRun
    }

    public var isAllowed: Bool { reason == .allowedByPolicy || reason == .allowedByDefault }
}

extension AuthorizationView {
    /// What view 0 holds, and what counts where there is no view: everything is denied.
    public static let closed = AuthorizationView()

    /// Whether a dry run applies.
    @inlinable
    public var hasDryRuns: Bool { dry_allow_end > allow_end || has_dry_allow != 0 }
}

extension AuthorizationMaps {
    /// The entry of a destination address, nil for one that is not judged.
    public func destination(_ address: IPAddress) -> AuthorizationDestination? {
        destinations.lookup(MapAddress(address))
    }

    /// The view that a slot names.
    public func view(ofSlot slot: UInt32) -> AuthorizationView {
        guard Int(slot) < slots.count else { return .closed }
        let view = Int(slots[Int(slot)].view)
        return view < views.count ? views[view] : .closed
    }

    /// The identity of a source address, 0 for nobody.
    public func identity(of address: IPAddress) -> UInt32 { identities.lookup(MapAddress(address))?.identity ?? 0 }

    /// The rule that an alternative of a view is of.
    public func rule(of view: AuthorizationView, alternative: Int) -> AuthorizationRule? {
        let index = Int(view.first_rule) + alternative
        return index < rules.count ? rules[index] : nil
    }

    /// Evaluates a view that is judged.
    /// - Returns: nil where an index leads out of an array: nothing can be said, the connection is denied.
    public func evaluate(
        _ view: AuthorizationView, identity: UInt32, source: IPAddress, port: UInt16
    ) -> AuthorizationEvaluation? {
        guard let identityRow = row(in: view.identities, of: identity),
            let sourceRow = row(in: view, of: source),
            let portRow = row(in: view.ports, of: UInt32(port))
        else { return nil }
        let firsts = (Int(identityRow), Int(sourceRow), Int(portRow))
        let enforced = 0..<Int(view.allow_end)
        guard let found = firstAlternative(firsts, in: enforced) else { return nil }
        var result: AuthorizationEvaluation
        switch found {
        case .none:
            result = AuthorizationEvaluation(view.has_allow != 0 ? .deniedByDefault : .allowedByDefault)
        case .alternative(let alternative):
            let isDenied = alternative < 64 * Int(view.deny_end)
            result = AuthorizationEvaluation(isDenied ? .deniedByPolicy : .allowedByPolicy, alternative: alternative)
        }
        guard view.hasDryRuns else { return result }
        guard let dryRun = dryRun(view, firsts, result) else { return nil }
        result.dryRun = dryRun.value
        return result
    }

    private enum Found {
        case none
        case alternative(Int)
    }

    private struct DryRunResult {
        var value: AuthorizationEvaluation.DryRun?
    }

    /// What changes when dry runs count; nil where an index leads out of an array.
    private func dryRun(
        _ view: AuthorizationView, _ firsts: (Int, Int, Int), _ enforced: AuthorizationEvaluation
    ) -> DryRunResult? {
        // A DENY policy that is enforced stays.
        if enforced.reason == .deniedByPolicy { return DryRunResult() }
        guard let denial = firstAlternative(firsts, in: Int(view.allow_end)..<Int(view.dry_deny_end)),
            let permission = firstAlternative(firsts, in: Int(view.dry_deny_end)..<Int(view.dry_allow_end))
        else { return nil }
        let isDenied: Bool
        var alternative: Int?
        if case .alternative(let index) = denial {
            isDenied = true
            alternative = index
        } else if enforced.reason == .allowedByPolicy {
            isDenied = false
        } else if case .alternative(let index) = permission {
            isDenied = false
            alternative = index
        } else {
            isDenied = view.has_allow != 0 || view.has_dry_allow != 0
        }
        guard isDenied == enforced.isAllowed else { return DryRunResult() }
        return DryRunResult(value: .init(isDenied ? .dryRunDenies : .dryRunAllows, alternative: alternative))
    }

    /// The first alternative whose bit is set in all three rows, among some words; nil where a row is missing.
    private func firstAlternative(_ firsts: (Int, Int, Int), in words: Range<Int>) -> Found? {
        for word in words {
            let (step, place) = (word / Int(KM_ROW_WORD_COUNT), word % Int(KM_ROW_WORD_COUNT))
            let (a, b, c) = (firsts.0 + step, firsts.1 + step, firsts.2 + step)
            guard max(a, b, c) < rows.count else { return nil }
            let bits = rows[a].words[place] & rows[b].words[place] & rows[c].words[place]
            if bits != 0 { return .alternative(word * 64 + bits.trailingZeroBitCount) }
        }
        return Found.none
    }

    /// The row of a value on an axis of 32 bits: that of the last range that begins at or before it.
    private func row(in axis: AuthorizationAxis, of value: UInt32) -> UInt32? {
        let first = Int(axis.first)
        guard axis.count > 0, first + Int(axis.count) <= ranges.count else { return nil }
        var (low, high) = (first, first + Int(axis.count))
        while high - low > 1 {
            let middle = (low + high) / 2
            if ranges[middle].from <= value { low = middle } else { high = middle }
        }
        return ranges[low].row
    }

    /// The row of a source address, by its family.
    private func row(in view: AuthorizationView, of source: IPAddress) -> UInt32? {
        switch source {
        case .v4(let bits): return row(in: view.sources4, of: bits)
        case .v6(let upper, let lower):
            let first = Int(view.sources6.first)
            guard view.sources6.count > 0, first + Int(view.sources6.count) <= ranges6.count else { return nil }
            var (low, high) = (first, first + Int(view.sources6.count))
            while high - low > 1 {
                let middle = (low + high) / 2
                let from = ranges6[middle]
                if (from.high, from.low) <= (upper, lower) { low = middle } else { high = middle }
            }
            return ranges6[low].row
        }
    }
}

extension AuthorizationRow {
    /// The words; bit 0 of the first is the first alternative.
    @inlinable
    public var words: InlineArray<8, UInt64> {
        // Same layout: a C array of eight u64.
        get { unsafe unsafeBitCast(word, to: InlineArray<8, UInt64>.self) }
        set { word = unsafe unsafeBitCast(newValue, to: (type(of: word)).self) }
    }
}
