import Model

/// The labels of the connection metrics, by the names that Istio and Kmesh gave them.
public struct ConnectionLabels: Hashable, Sendable, Comparable {
    /// Which end counts: the `source` (the client's node), or the `destination`.
    public enum Reporter: String, Hashable, Sendable, CaseIterable { case source, destination }

    public var reporter: Reporter
    /// The other labels by the order of `names`; `-` where something is not known.
    private var values: [String]

    /// What is not known.
    static let unknown = "-"
    /// What stands for label sets beyond the limit.
    static let other = "other"

    private static let names = [
        "source_workload", "source_workload_namespace", "source_canonical_service", "destination_workload",
        "destination_workload_namespace", "destination_canonical_service", "destination_service",
        "destination_service_name", "destination_service_namespace",
    ]

    /// The labels of a connection. Workloads are named by their owners, so that pods of one deployment are counted
    /// together.
    public init(_ direction: ConnectionRecord.Direction, _ peers: ConnectionPeers) {
        reporter = direction == .outbound ? .source : .destination
        func text(_ text: String?) -> String { text.map { $0.isEmpty ? Self.unknown : $0 } ?? Self.unknown }
        let service = peers.service
        values = [
            text(peers.source?.owner), text(peers.source?.namespace), text(peers.source?.canonicalService),
            text(peers.destination?.owner), text(peers.destination?.namespace),
            text(peers.destination?.canonicalService), text(service?.hostname),
            text(service.map { String($0.hostname.prefix { $0 != "." }) }), text(service?.namespace),
        ]
    }

    /// Of all label sets together for which there was no room.
    init(otherOf reporter: Reporter) {
        self.reporter = reporter
        values = Array(repeating: Self.other, count: Self.names.count)
    }

    /// Whether one of the ends is a workload.
    func mentions(workload owner: String, namespace: String) -> Bool {
        (values[0], values[1]) == (owner, namespace) || (values[3], values[4]) == (owner, namespace)
    }

    /// Whether the connection was to a service.
    func mentions(service: ServiceName) -> Bool { (values[6], values[8]) == (service.hostname, service.namespace) }

    /// As the exposition writes them.
    var labels: [MetricSample.Label] {
        [.init("reporter", reporter.rawValue)] + zip(Self.names, values).map { .init($0, $1) }
    }

    public static func < (a: ConnectionLabels, b: ConnectionLabels) -> Bool {
        if a.reporter != b.reporter { return a.reporter.rawValue < b.reporter.rawValue }
        return a.values.lexicographicallyPrecedes(b.values)
    }
}
