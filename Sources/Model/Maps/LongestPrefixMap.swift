/// A map with the semantics of BPF_MAP_TYPE_LPM_TRIE over `km_nodeinfo` keys: the longest prefix that covers an address
/// wins, host bits of a stored prefix do not count, IPv4 and IPv6 share one trie.
public struct LongestPrefixMap: Sendable {
    private var entries: HashMap<NodeInfoKey, UInt32>
    /// Entries of each prefix length.
    private var countByLength = [Int](repeating: 0, count: 129)
    /// The lengths that have entries, the longest first: what a lookup goes through.
    private var lengths: [Int] = []

    public init(capacity: Int) { entries = HashMap(capacity: capacity) }

    public var count: Int { entries.count }
    public var capacity: Int { entries.capacity }

    /// The value of the longest prefix that covers the first `bitCount` bits of `address`; longer ones do not count.
    public func lookup(_ address: MapAddress, bitCount: Int = 128) -> UInt32? {
        for length in lengths where length <= bitCount {
            let key = Self.masked(NodeInfoKey(prefix_length: UInt32(length), addr: address))
            if let value = entries.lookup(key) { return value }
        }
        return nil
    }

    /// - Throws: `.invalid` for a prefix over 128, `.noSpace` when full.
    public mutating func update(_ key: NodeInfoKey, to value: UInt32) throws(MapError) {
        guard key.prefix_length <= 128 else { throw .invalid }
        let key = Self.masked(key)
        let isNew = entries.position(of: key) == nil
        if isNew, entries.count == entries.capacity { throw .noSpace(capacity: entries.capacity) }
        try entries.update(key, to: value)
        if isNew { count(1, at: Int(key.prefix_length)) }
    }

    /// - Throws: `.missing` when this very prefix is not there, `.invalid` for a prefix over 128.
    public mutating func delete(_ key: NodeInfoKey) throws(MapError) {
        guard key.prefix_length <= 128 else { throw .invalid }
        let key = Self.masked(key)
        try entries.delete(key)
        count(-1, at: Int(key.prefix_length))
    }

    private mutating func count(_ change: Int, at length: Int) {
        countByLength[length] += change
        lengths = (0...128).reversed().filter { countByLength[$0] > 0 }
    }

    /// All entries, in the order of their key bytes.
    public var sortedEntries: [(key: NodeInfoKey, value: UInt32)] { entries.sortedEntries }

    private static func masked(_ key: NodeInfoKey) -> NodeInfoKey {
        guard let prefix = Prefix(key.addr.asV6, length: Int(key.prefix_length)) else { return key }
        return NodeInfoKey(prefix_length: key.prefix_length, addr: MapAddress(prefix.network))
    }
}

extension NodeInfoKey {
    /// The key of a prefix; the length of an IPv4 prefix counts the first word only.
    public init(_ prefix: Prefix) {
        self.init(prefix_length: UInt32(prefix.length), addr: MapAddress(prefix.address))
    }
}
