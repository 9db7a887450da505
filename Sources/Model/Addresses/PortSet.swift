/// Some of all ports, told by the few that something names.
public enum PortSet: Hashable, Sendable {
    case all
    /// In order.
    case only([UInt16])
    /// In order.
    case allBut([UInt16])

    /// - Parameters:
    ///   - ports: Some of `named`, in order; nil stands for all ports that are not named.
    ///   - named: All that are named, in order.
    public init(_ ports: [UInt16?], of named: [UInt16]) {
        let listed = ports.compactMap(\.self)
        let others = named.filter { !listed.contains($0) }
        self = !ports.contains(nil) ? .only(listed) : others.isEmpty ? .all : .allBut(others)
    }
}

extension PortSet: Comparable {
    /// All first, then those that are listed, then those that are left out.
    public static func < (a: PortSet, b: PortSet) -> Bool { a.sortKey.lexicographicallyPrecedes(b.sortKey) }

    private var sortKey: [Int] {
        switch self {
        case .all: []
        case .only(let ports): [0] + ports.map(Int.init)
        case .allBut(let ports): [1] + ports.map(Int.init)
        }
    }
}
