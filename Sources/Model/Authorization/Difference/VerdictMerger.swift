/// The changes of one class of destinations.
struct VerdictRows {
    /// What is told of a connection.
    struct Row: Hashable {
        var before: AuthorizationVerdict
        var after: AuthorizationVerdict
        var causes: [VerdictCause]
    }

    /// All sources of the family, with each address.
    let sourceCount: Int
    /// The ports that policies name, in order.
    let named: [UInt16]
    /// In the order in which they came; nil stands for all ports that are not named.
    private(set) var entries: [(row: Row, sources: [VerdictSource], ports: [UInt16?])] = []

    init(sourceCount: Int, named: [UInt16]) {
        self.sourceCount = sourceCount
        self.named = named
    }

    /// Adds what is told of connections to one port after the other, from sources that are never told apart.
    mutating func add(_ rows: [(row: Row, port: UInt16?)], sources: [VerdictSource]) {
        var ports: [Row: [UInt16?]] = [:]
        var order: [Row] = []
        for (row, port) in rows {
            if ports[row] == nil { order.append(row) }
            ports[row, default: []].append(port)
        }
        entries += order.map { (row: $0, sources: sources, ports: ports[$0] ?? []) }
    }
}

/// Puts changes together that differ only in one of sources, ports and destinations.
struct VerdictMerger {
    private struct SourceKey: Hashable {
        var row: VerdictRows.Row
        var ports: PortSet
    }

    private struct DestinationKey: Hashable {
        var source: SourceKey
        var sources: VerdictSources
    }

    /// Over which families the verdict of connections to each destination changes.
    private var merged: [DestinationKey: [WorkloadUID: Set<AddressFamily>]] = [:]

    mutating func add(_ rows: VerdictRows, destinations: [WorkloadUID], family: AddressFamily) {
        var bySource: [SourceKey: [VerdictSource]] = [:]
        for entry in rows.entries {
            bySource[SourceKey(row: entry.row, ports: PortSet(entry.ports, of: rows.named)), default: []] +=
                entry.sources
        }
        for (key, sources) in bySource {
            let isAnyone = sources.count == rows.sourceCount
            let all = isAnyone ? VerdictSources.anyone : .some(Set(sources).sorted())
            let merging = DestinationKey(source: key, sources: all)
            for uid in destinations { merged[merging, default: [:]][uid, default: []].insert(family) }
        }
    }

    /// Ordered by destinations, then by sources, ports and verdicts.
    /// - Parameter families: Those that each destination has: one of which all change is put with the others of that kind.
    func changes(_ families: [WorkloadUID: Set<AddressFamily>]) -> [VerdictChange] {
        var changes: [VerdictChange] = []
        for (key, destinations) in merged {
            var uids: [Set<AddressFamily>: [WorkloadUID]] = [:]
            for (uid, changing) in destinations {
                uids[changing == families[uid] ? Set(AddressFamily.allCases) : changing, default: []].append(uid)
            }
            for (changing, uids) in uids {
                changes.append(
                    VerdictChange(
                        sources: key.sources, destinations: uids.sorted(),
                        families: AddressFamily.allCases.filter(changing.contains), ports: key.source.ports,
                        before: key.source.row.before, after: key.source.row.after, causes: key.source.row.causes))
            }
        }
        return changes.sorted { $0.precedes($1) }
    }
}

extension VerdictChange {
    /// A total order: what has equal keys is equal.
    fileprivate func precedes(_ other: VerdictChange) -> Bool {
        if destinations != other.destinations { return destinations.lexicographicallyPrecedes(other.destinations) }
        if sources != other.sources { return sources.sorted.lexicographicallyPrecedes(other.sources.sorted) }
        if ports != other.ports { return ports < other.ports }
        if families != other.families {
            return families.map(\.rawValue).lexicographicallyPrecedes(other.families.map(\.rawValue))
        }
        if causes != other.causes { return causes.lexicographicallyPrecedes(other.causes) }
        return [before, after].map(\.sortKey).lexicographicallyPrecedes([other.before, other.after].map(\.sortKey))
    }
}

extension VerdictSources {
    /// Empty for anyone, who come first.
    fileprivate var sorted: [VerdictSource] {
        switch self {
        case .anyone: []
        case .some(let sources): sources
        }
    }
}

extension AuthorizationVerdict {
    fileprivate var sortKey: String {
        switch self {
        case .allowedByDefault: "0"
        case .allowed(let rule): "1 \(rule.policy) \(rule.rule)"
        case .denied(let rule): "2 \(rule.policy) \(rule.rule)"
        case .deniedByDefault: "3"
        }
    }
}
