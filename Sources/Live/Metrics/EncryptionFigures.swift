public import Model

/// What the agent's metrics tell of encryption, at one moment.
public struct EncryptionFigures: Sendable {
    /// The version of the key that this node receives under.
    public var spi: UInt64 = 0
    /// Other nodes, by how their versions stand to this node's.
    public var peers: [EncryptionStatus.Standing: UInt64] = [:]
    public var problems: UInt64 = 0
    public var states: UInt64 = 0
    public var policies: UInt64 = 0
    /// Whether the key file cannot be used as it is.
    public var isKeyFileBad = false
    /// Keys read since the start, steps that changed the kernel, and steps that were refused.
    public var keysTaken: UInt64 = 0
    public var changes: UInt64 = 0
    public var failures: UInt64 = 0
    /// The kernel's counters of this network namespace.
    public var counters: [XFRMCounter: UInt64] = [:]

    public init() {}

    init(_ report: EncryptionReport, held: EncryptionHoldings, _ counts: EncryptionCounts, isKeyFileBad: Bool) {
        spi = UInt64(report.local.spi.rawValue)
        for peer in report.peers.values { peers[report.standing(of: peer.spi), default: 0] += 1 }
        problems = UInt64(report.problems.count)
        states = UInt64(held.states.count)
        policies = UInt64(held.policies.count)
        self.isKeyFileBad = isKeyFileBad
        keysTaken = UInt64(counts.keys)
        changes = UInt64(counts.states + counts.policies + counts.prefixes)
        failures = UInt64(counts.failures)
        counters = (try? XFRMCounter.counts()) ?? [:]
    }

    /// Whether another version of the key is in use beside this node's.
    var isRotating: Bool { peers.contains { $0.key != .same && $0.value > 0 } }
}

extension AgentMetrics {
    /// The families of encryption; none where nothing is encrypted.
    static func encryption(_ figures: AgentFigures) -> [MetricFamily] {
        guard let own = figures.encryption else { return [] }
        func one(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: UInt64) -> MetricFamily {
            MetricFamily("kmesh_encryption_\(name)", kind, help: help, [.init([], value)])
        }
        let refused = figures.hookExits.filter { $0.hook == .tcUplink && $0.reason == .clearFromPeer }
        return [
            MetricFamily(
                "kmesh_encryption_peers", .gauge, help: "Other nodes, by how their versions of the key stand to ours.",
                EncryptionStatus.Standing.allCases.map { .init([.init("standing", $0.rawValue)], own.peers[$0] ?? 0) }),
            one("spi", .gauge, "The version of the key that this node receives under.", own.spi),
            one(
                "rotating", .gauge, "1 while nodes have other versions of the key than this one.",
                own.isRotating ? 1 : 0),
            one("states", .gauge, "IPsec states in the kernel that are the agent's.", own.states),
            one("policies", .gauge, "IPsec policies in the kernel that are the agent's.", own.policies),
            one("problems", .gauge, "Things that keep packets from being encrypted as it is meant.", own.problems),
            one("bad_key_file", .gauge, "1 when the key file cannot be used as it is.", own.isKeyFileBad ? 1 : 0),
            one("keys_taken_total", .counter, "New keys that were read since the start.", own.keysTaken),
            one("changes_total", .counter, "States, policies and prefixes changed since the start.", own.changes),
            one("failures_total", .counter, "Steps that the kernel or the file system refused.", own.failures),
            one(
                "clear_packets_refused_total", .counter, "Packets in clear from peers' pods that were dropped.",
                refused.reduce(0) { $0 + $1.count }),
            MetricFamily(
                "kmesh_encryption_xfrm_total", .counter,
                help: "The kernel's IPsec counters of the network namespace, by their names in /proc/net/xfrm_stat.",
                XFRMCounter.allCases.compactMap { counter in
                    own.counters[counter].map { .init([.init("counter", counter.rawValue)], $0) }
                }),
        ]
    }
}
