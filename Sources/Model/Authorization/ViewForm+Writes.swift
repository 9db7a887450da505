import KernelABI

extension ViewForm {
    /// The writes that put the form into its places; the view itself last.
    func writes(
        at index: Int, _ rowPlaces: Range<Int>, _ rangePlaces: Range<Int>, _ range6Places: Range<Int>,
        _ rulePlaces: Range<Int>
    ) -> [AuthorizationWrite] {
        func place(_ row: Int) -> UInt32 { UInt32(rowPlaces.lowerBound + row * rowsEach) }
        let axes = [identities, sources4, ports]
        let ranges = axes.joined().map { AuthorizationRange(from: $0.from, row: place($0.row)) }
        let ranges6 = sources6.map {
            AuthorizationRange6(
                high: UInt64(truncatingIfNeeded: $0.from >> 64), low: UInt64(truncatingIfNeeded: $0.from),
                row: place($0.row), pad: 0)
        }
        var view = AuthorizationView()
        view.state = state.rawValue
        view.first_rule = UInt32(rulePlaces.lowerBound)
        var first = UInt32(rangePlaces.lowerBound)
        var places = axes.map { axis in
            defer { first += UInt32(axis.count) }
            return AuthorizationAxis(first: first, count: UInt32(axis.count))
        }
        view.ports = places.removeLast()
        view.sources4 = places.removeLast()
        view.identities = places.removeLast()
        view.sources6 = AuthorizationAxis(first: UInt32(range6Places.lowerBound), count: UInt32(sources6.count))
        view.deny_end = UInt16(denyEnd)
        view.allow_end = UInt16(allowEnd)
        view.dry_deny_end = UInt16(dryDenyEnd)
        view.dry_allow_end = UInt16(wordCount)
        view.has_allow = hasAllow ? 1 : 0
        view.has_dry_allow = hasDryAllow ? 1 : 0
        var writes: [AuthorizationWrite] = []
        if !rows.isEmpty { writes.append(.setRows(rowPlaces.lowerBound, mapRows)) }
        if !ranges.isEmpty { writes.append(.setRanges(rangePlaces.lowerBound, ranges)) }
        if !ranges6.isEmpty { writes.append(.setRanges6(range6Places.lowerBound, ranges6)) }
        if !rules.isEmpty { writes.append(.setRules(rulePlaces.lowerBound, rules)) }
        return writes + [.setView(index, view)]
    }

    /// The rows as map entries, `rowsEach` for each.
    private var mapRows: [AuthorizationRow] {
        let words = Int(KM_ROW_WORD_COUNT)
        return rows.flatMap { row in
            (0..<rowsEach).map { part in
                var entry = InlineArray<8, UInt64>(repeating: 0)
                for word in 0..<words where part * words + word < row.count {
                    entry[word] = row[part * words + word]
                }
                var result = AuthorizationRow()
                result.words = entry
                return result
            }
        }
    }
}
