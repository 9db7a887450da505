import CommandLineTool
import Live
import Model

/// What `kmesh-live authz status` shows.
struct AuthzReport {
    let status: AuthorizationStatus

    /// For scripts.
    var document: JSONValue {
        [
            "agent": status.agent.map { JSONValue($0) } ?? .null,
            "authorization": JSONValue(status.decides?.rawValue),
            "offload": .string(status.offload.rawValue),
            "mode": .string(status.isUserSpace ? "userSpace" : "kernel"),
            "generation": JSONValue(status.generation),
            "policies": JSONValue(status.policyCount),
            "judgedAddresses": JSONValue(status.judgedCount),
            "pods": .array(status.pods.map { $0.pod.document($0.enforcement) }),
            "denials": .array(
                status.denials.map { ["reason": .string($0.reason.rawValue), "packets": JSONValue($0.count)] }),
            "unreported": JSONValue(status.unreportedCount),
            "maps": .array(
                status.fills.map {
                    [
                        "name": .string($0.name), "entries": $0.entryCount.map { JSONValue($0) } ?? .null,
                        "capacity": JSONValue($0.capacity),
                    ]
                }),
        ]
    }

    /// For people.
    var text: String {
        let running = status.agent.map { "runs (process \($0))" } ?? "does not run"
        var lines = [
            "agent       \(running)", "decides     \(status.mode)", "offload     \(status.offload.rawValue)",
            "policies    \(status.policyCount), generation \(status.generation)",
            "addresses   \(status.judgedCount) judged", "",
        ]
        lines += status.pods.map { "\($0.pod.namespace)/\($0.pod.name)  \($0.enforcement.text)" }
        if status.pods.isEmpty { lines.append("no pod is managed") }
        lines.append("")
        var denials = TextTable(columns: [.init("denied for"), .init("packets", .right)])
        for count in status.denials { denials.append([count.reason.rawValue, "\(count.count)"]) }
        lines.append(status.denials.isEmpty ? "nothing was denied" : denials.text)
        if status.unreportedCount > 0 { lines.append("\(status.unreportedCount) denials were not told of\n") }
        var maps = TextTable(columns: [.init("map"), .init("entries", .right), .init("capacity", .right)])
        for fill in status.fills {
            maps.append([fill.name, fill.entryCount.map { "\($0)" } ?? "", "\(fill.capacity)"])
        }
        lines.append(maps.text)
        return lines.joined(separator: "\n")
    }
}
