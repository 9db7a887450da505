import CommandLineTool
import Live
import Model

extension AgentPlan {
    /// For scripts.
    var document: JSONValue {
        [
            "differences": .array(
                differences.map {
                    [
                        "map": .string($0.key.mapName), "kind": .string("\($0.kind)"),
                        "entry": .string($0.text(names: names)),
                    ]
                }),
            "writes": JSONValue(writes.count - barrierCount), "barriers": JSONValue(barrierCount),
            "hitless": .bool(isHitless), "refused": .array(refusals.map { .string($0.description) }),
            "policies": .array(policies.map { .string($0) }),
            "judgedAddresses": JSONValue(judgedCount), "views": JSONValue(viewCount),
            "policyProblems": .array(policyProblems.map { .string($0) }),
            "encryption": encryption.map { ["steps": .array($0.steps.map { .string($0) })] } ?? .null,
            "encryptionProblems": .array((encryption?.problems ?? []).map { .string($0) }),
            "notes": .array(notes.map { .string($0.description) }),
        ]
    }

    /// For people.
    var text: String {
        var lines = notes.map { "note: \($0)" } + refusals.map { "not in force: \($0)" }
        lines += policyProblems.map { "policies: \($0)" }
        if !policies.isEmpty {
            lines.append(
                "policies: \(policies.joined(separator: ", ")); \(judgedCount) addresses judged, \(viewCount) views")
        }
        lines += (encryption?.problems ?? []).map { "encryption: \($0)" }
        lines += (encryption?.steps ?? []).map { "encryption: \($0)" }
        lines += differences.map { $0.text(names: names) }
        lines.append(
            writes.isEmpty
                ? "nothing to do: the maps are as the mesh wants them"
                : "\(writes.count - barrierCount) writes, \(barrierCount) barriers"
                    + (isHitless ? "" : "; some connections may be refused meanwhile"))
        return lines.joined(separator: "\n") + "\n"
    }
}
