public import Model
public import Sim

/// What a replay was made from: the head of its report.
public struct ReplaySources: Hashable, Sendable {
    /// One capture file.
    public struct Capture: Hashable, Sendable {
        public var path: String
        public var vantage: Vantage
        /// Why the vantage was taken to be that; nil where it was given.
        public var guess: String?
        /// Packets that were read.
        public var packets: UInt64
        /// Of these, what a filter left out.
        public var filtered: UInt64
        /// Of these, what has a link type that is not supported.
        public var unsupported: UInt64
        /// What was not or could not be read of the file, a sentence each without its full stop.
        public var notes: [String]

        public init(
            path: String, vantage: Vantage, guess: String? = nil, packets: UInt64 = 0, filtered: UInt64 = 0,
            unsupported: UInt64 = 0, notes: [String] = []
        ) {
            self.path = path
            self.vantage = vantage
            self.guess = guess
            self.packets = packets
            self.filtered = filtered
            self.unsupported = unsupported
            self.notes = notes
        }
    }

    /// What XFRM of a node has counted, as /proc/net/xfrm_stat shows it there.
    public struct Counter: Hashable, Sendable {
        public var node: String
        public var counter: XFRMCounter
        public var count: UInt64
    }

    public var captures: [Capture]
    public var preset: Preset
    public var seed: UInt64
    /// Those that are not 0, by node.
    public var counters: [Counter] = []
    /// What was left out of the mesh's sources.
    public var notes: [String]

    public init(
        captures: [Capture], preset: Preset, seed: UInt64, countedBy network: Network? = nil, notes: [String] = []
    ) {
        for node in network?.nodes ?? [] {
            counters += node.xfrm.counters.raised.map { Counter(node: node.name, counter: $0.counter, count: $0.count) }
        }
        self.captures = captures
        self.preset = preset
        self.seed = seed
        self.notes = notes
    }
}

extension Vantage {
    /// As `--at` takes it: `pod:shop/web`, `node:node-a`, `wire`.
    public var text: String {
        switch self {
        case .pod(let uid): "pod:\(uid.podName)"
        case .node(let name): "node:\(name)"
        case .wire: "wire"
        }
    }

    /// Where that is.
    var sentence: String {
        switch self {
        case .pod(let uid): "in pod \(uid.podName)"
        case .node(let name): "at the uplink of \(name)"
        case .wire: "between the nodes"
        }
    }
}

extension WorkloadUID {
    /// The last two parts of a uid, `namespace/name`; all of a uid that is not made of parts.
    var podName: String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 2 ? parts.suffix(2).joined(separator: "/") : text
    }
}
