import Model

/// Whom a policy kept from whom.
public struct DenialLabels: Hashable, Sendable, Comparable {
    private static let names = [
        "source_workload", "source_workload_namespace", "destination_workload", "destination_workload_namespace",
        "policy", "reason",
    ]

    /// By the order of `names`; `-` where something is not known.
    private var values: [String]

    /// Workloads are named by their owners, so that pods of one deployment are counted together.
    public init(_ denial: NamedDenial) {
        func text(_ text: String?) -> String { text.flatMap { $0.isEmpty ? nil : $0 } ?? ConnectionLabels.unknown }
        values = [
            text(denial.source?.owner), text(denial.source?.namespace), text(denial.destination?.owner),
            text(denial.destination?.namespace), text(denial.policy), denial.record.reasonName,
        ]
    }

    /// Of all label sets together for which there was no room.
    static let other = DenialLabels(values: Array(repeating: ConnectionLabels.other, count: names.count))

    private init(values: [String]) { self.values = values }

    /// Whether one of the ends is a workload.
    func mentions(workload owner: String, namespace: String) -> Bool {
        (values[0], values[1]) == (owner, namespace) || (values[2], values[3]) == (owner, namespace)
    }

    /// As the exposition writes them.
    var labels: [MetricSample.Label] { zip(Self.names, values).map { .init($0, $1) } }

    public static func < (a: DenialLabels, b: DenialLabels) -> Bool {
        a.values.lexicographicallyPrecedes(b.values)
    }
}

/// Reported denials, summed by labels: of `labelLimit` sets at most, then further ones together as "other".
public struct DenialCounters: Sendable {
    private let labelLimit: Int
    private var totals: [DenialLabels: UInt64] = [:]

    public init(labelLimit: Int = ConnectionCounters.defaultLabelLimit) { self.labelLimit = labelLimit }

    /// All sums, ordered by labels.
    public var sorted: [(labels: DenialLabels, count: UInt64)] {
        totals.map { (labels: $0.key, count: $0.value) }.sorted { $0.labels < $1.labels }
    }

    public mutating func add(_ denial: NamedDenial) {
        let labels = DenialLabels(denial)
        let hasRoom = totals[labels] != nil || totals.count < labelLimit
        totals[hasRoom ? labels : .other, default: 0] += 1
    }

    /// Drops the sums of a workload that is gone, on either end: when none is left of its owner.
    public mutating func drop(workload owner: String, namespace: String) {
        totals = totals.filter { !$0.key.mentions(workload: owner, namespace: namespace) }
    }
}
