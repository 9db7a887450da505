import CommandLineTool
import Live
import Model

/// What `kmesh-live status` shows.
struct StatusReport {
    /// The agent's process id, nil when none runs.
    var agent: Int32?
    var pinDirectory: String
    /// Programs that are in force, by their names in the kernel.
    var attached: [String]
    var maps: [PinnedMaps.Fill]
    var exits: [ExitCounters.Count]
    var pods: [(pod: ManagedPod, enforcement: PodEnforcement)]
    var nameCount: Int

    /// For scripts.
    var document: JSONValue {
        [
            "agent": agent.map { JSONValue($0) } ?? .null,
            "pinDirectory": .string(pinDirectory),
            "attached": .array(attached.map { .string($0) }),
            "maps": .array(
                maps.map {
                    [
                        "name": .string($0.name.rawValue), "entries": JSONValue($0.entryCount),
                        "capacity": JSONValue($0.capacity),
                    ]
                }),
            "exits": .array(
                exits.map {
                    [
                        "hook": .string($0.hook.rawValue), "reason": .string($0.reason.rawValue),
                        "count": JSONValue($0.count),
                    ]
                }),
            "pods": .array(pods.map { $0.pod.document($0.enforcement) }),
            "names": JSONValue(nameCount),
        ]
    }

    /// For people.
    var text: String {
        let running = agent.map { "runs (process \($0))" } ?? "does not run"
        let inForce = attached.isEmpty ? "nothing is attached" : attached.joined(separator: ", ")
        var lines = ["agent     \(running)", "pins      \(pinDirectory)", "in force  \(inForce)", ""]
        var table = TextTable(columns: [.init("map"), .init("entries", .right), .init("capacity", .right)])
        for map in maps { table.append([map.name.rawValue, "\(map.entryCount)", "\(map.capacity)"]) }
        lines.append(table.text)
        if !exits.isEmpty {
            var table = TextTable(columns: [.init("hook"), .init("reason"), .init("count", .right)])
            for exit in exits { table.append([exit.hook.rawValue, exit.reason.rawValue, "\(exit.count)"]) }
            lines.append(table.text)
        }
        lines.append(pods.isEmpty ? "no pod is managed" : "managed pods:")
        lines += pods.flatMap { ["  \($0.pod.text)", "    \($0.enforcement.text)"] }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ManagedPod {
    /// For scripts, with what is known of its enforcement.
    func document(_ enforcement: PodEnforcement) -> JSONValue {
        guard case .object(let members) = document else { return document }
        let more: [JSONValue.Member] = [
            .init("enforced", .bool(enforcement.isEnforced)),
            .init("judgedInterfaces", .array(enforcement.interfaces.map { .string($0) })),
            .init("gaps", .array(enforcement.gaps.map { .string($0.description) })),
        ]
        return .object(members + more)
    }

    /// For scripts.
    var document: JSONValue {
        [
            "namespace": .string(namespace), "pod": .string(name), "netns": .string(netnsPath),
            "cookie": JSONValue(netnsCookie), "interface": JSONValue(interface), "peer": JSONValue(peerInterface),
            "addresses": .array(addresses.map { .string($0.description) }),
        ]
    }

    /// `namespace/name netns:5 eth0 ↔ veth1 10.0.0.1`
    var text: String {
        let ends = [interface, peerInterface].compactMap(\.self).joined(separator: " ↔ ")
        return (["\(namespace)/\(name)", "netns:\(netnsCookie)", ends] + addresses.map(\.description))
            .filter { !$0.isEmpty }.joined(separator: " ")
    }
}
