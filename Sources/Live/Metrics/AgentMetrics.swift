/// Which metrics the agent has.
///
/// Names that upstream Kmesh has, too, keep its meaning, but are counters where Kmesh has gauges. Left out is what has no
/// sound meaning there: `kmesh_tcp_packet_loss_total` would sum how many segments count as lost at one moment.
public enum AgentMetrics {
    /// The families of a moment's figures, always in the same order. Families without samples are left out.
    public static func families(of figures: AgentFigures) -> [MetricFamily] {
        let families =
            own(figures) + connections(figures) + maps(figures) + mesh(figures) + authorization(figures)
            + encryption(figures)
            + [
                MetricFamily(
                    "kmesh_events_lost_total", .counter,
                    help: "Connection reports that nobody took in time: the agent's queue, or the reader of a pipe.",
                    [.init([], figures.eventsLost)]),
                MetricFamily(
                    "kmesh_agent_resident_bytes", .gauge, help: "Memory of the agent that is in use.",
                    [.init([], figures.residentBytes)]),
            ]
        return families.filter { !$0.samples.isEmpty }
    }

    private static func own(_ figures: AgentFigures) -> [MetricFamily] {
        [
            MetricFamily(
                "kmesh_build_info", .gauge, help: "1, with the agent's version and the node as labels.",
                [.init([.init("version", figures.version), .init("node", figures.node)], 1)]),
            MetricFamily(
                "kmesh_hook_exits_total", .counter,
                help: "How often a program in the kernel ended, by the reason for what it did.",
                figures.hookExits.map {
                    .init([.init("hook", $0.hook.rawValue), .init("reason", $0.reason.rawValue)], $0.count)
                }),
        ]
    }

    private static func connections(_ figures: AgentFigures) -> [MetricFamily] {
        func family(_ name: String, _ help: String, _ value: KeyPath<ConnectionTotals, UInt64>) -> MetricFamily {
            MetricFamily(
                name, .counter, help: help,
                figures.connections.map { .init($0.labels.labels, $0.totals[keyPath: value]) })
        }
        return [
            family("kmesh_tcp_connections_opened_total", "TCP connections that were established.", \.opened),
            family("kmesh_tcp_connections_closed_total", "Established TCP connections that were closed.", \.closed),
            family("kmesh_tcp_connections_failed_total", "TCP connections that were never established.", \.failed),
            family(
                "kmesh_tcp_conntections_failed_total", "The same under Kmesh's spelling of the name.", \.failed),
            family("kmesh_tcp_sent_bytes_total", "Bytes that the reporter's side sent and got confirmed.", \.sentBytes),
            family("kmesh_tcp_received_bytes_total", "Bytes that the reporter's side received.", \.receivedBytes),
            family(
                "kmesh_tcp_retrans_total", "Segments that the reporter's side sent more than once.", \.retransmissions),
            MetricFamily(
                "kmesh_tcp_connections_open", .gauge, help: "TCP connections that are known to be open.",
                [.init([], figures.openConnections)]),
            MetricFamily(
                "kmesh_tcp_connections_forgotten_total", .counter,
                help: "Open TCP connections that were forgotten for want of room: the other counters may be too low.",
                [.init([], figures.forgottenConnections)]),
        ]
    }

    private static func maps(_ figures: AgentFigures) -> [MetricFamily] {
        func samples(_ value: (AgentFigures.MapFigures) -> UInt64?) -> [MetricSample] {
            figures.maps.compactMap { map in value(map).map { .init([.init("map", map.name)], $0) } }
        }
        let alias = figures.maps.compactMap { map in
            map.entryCount.map {
                MetricSample([.init("node_name", figures.node), .init("map_name", map.name)], $0)
            }
        }
        return [
            MetricFamily("kmesh_map_entries", .gauge, help: "Entries of a map.", samples(\.entryCount)),
            MetricFamily(
                "kmesh_map_capacity_entries", .gauge, help: "Entries that a map has room for.",
                samples { $0.capacity }),
            MetricFamily(
                "kmesh_map_entry_count", .gauge, help: "The same as kmesh_map_entries under Kmesh's name.", alias),
            MetricFamily(
                "kmesh_map_writes_total", .counter, help: "Entries of a map that the agent wrote or removed.",
                samples { $0.writes }),
            MetricFamily(
                "kmesh_map_write_failures_total", .counter, help: "Writes to a map that the kernel refused.",
                samples { $0.writeFailures }),
            MetricFamily(
                "kmesh_barriers_total", .counter,
                help: "How often the agent waited until no program uses what it is about to remove.",
                [.init([], figures.barriers)]),
        ]
    }

    private static func mesh(_ figures: AgentFigures) -> [MetricFamily] {
        func one(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: UInt64) -> MetricFamily {
            MetricFamily(name, kind, help: help, [.init([], value)])
        }
        return [
            MetricFamily(
                "kmesh_mesh_resources", .gauge, help: "Resources in the mesh by their kind.",
                figures.resources.map { .init([.init("kind", $0.kind)], $0.count) }),
            one("kmesh_managed_pods", .gauge, "Pods of this node that are in the mesh.", figures.managedPods),
            one("kmesh_changes_applied_total", .counter, "Changes of the mesh in the maps.", figures.changesApplied),
            one("kmesh_changes_refused_total", .counter, "Changes that were refused.", figures.changesRefused),
            one(
                "kmesh_mesh_problems", .gauge, "Things in the mesh that the maps cannot express.", figures.problems),
            one("kmesh_input_bad_files", .gauge, "Input files that cannot be read.", figures.badFiles),
            MetricFamily(
                "kmesh_last_apply_timestamp_seconds", .gauge, help: "When changes were last applied with success.",
                figures.lastApplied.map { [.init([], .number(Double($0.nanoseconds / 1_000_000) / 1000))] } ?? []),
            MetricFamily(
                "kmesh_apply_duration_seconds", .histogram, help: "How long it took to apply changes.",
                figures.applySeconds.map { [.init([], .histogram($0))] } ?? []),
        ]
    }
}
