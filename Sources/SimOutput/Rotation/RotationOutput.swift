public import CommandLineTool
import Model
public import Sim

/// What a search for an order that loses packets has found, for people and for scripts.
public struct RotationOutput: Sendable {
    let result: RotationResult

    public init(_ result: RotationResult) { self.result = result }

    /// The schedule that breaks it, as a scenario file; nil where nothing is broken.
    public var scenario: String? { RotationScenario(result)?.text }

    // MARK: Text

    public func text(_ style: Style) -> String {
        var lines: [String] = []
        let cluster = result.cluster
        let title = "\(cluster.preset.rawValue), \(cluster.nodeCount) nodes: "
        switch result.outcome {
        case .holds:
            lines.append(title + style.green("proved") + ", no order of events " + promise)
        case .undecided(let obstacle):
            lines.append(title + style.red("not proved") + ": " + Self.phrase(obstacle))
        case .broken(let acts, let failures):
            lines.append(title + style.red("broken") + (acts.isEmpty ? " before anything happens" : ""))
            for (index, act) in acts.enumerated() {
                lines.append("  \(index + 1). \(RotationPhrases.event(act.event))")
                lines += act.steps.map { "       \(RotationPhrases.step($0))" }
            }
            lines += failures.map { "  → " + RotationPhrases.failure($0) }
        }
        lines.append(
            "  \(result.stateCount) states of the cluster, \(result.nodeStateCount) of single nodes, "
                + "\(result.transitionCount) events" + (result.isReduced ? "; reduced by order and names" : ""))
        return lines.joined(separator: "\n") + "\n"
    }

    private var promise: String {
        result.cluster.rebootCount == 0
            ? "loses a packet or lets one leave in clear"
            : "lets a packet leave in clear, or loses one between nodes that did not boot"
    }

    private static func phrase(_ obstacle: RotationResult.Obstacle) -> String {
        switch obstacle {
        case .tooManyStates: "there are more states than --max-states lets be held; nothing was found in those"
        case .notReducible(let reason): "the search may not be reduced, because \(reason)"
        }
    }

    // MARK: JSON

    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("preset", .string(result.cluster.preset.rawValue)),
            .init("nodes", JSONValue(result.cluster.nodeCount)),
            .init("restarts", JSONValue(result.cluster.restartCount)),
            .init("reboots", JSONValue(result.cluster.rebootCount)),
            .init("reduced", .bool(result.isReduced)),
            .init("states", JSONValue(result.stateCount)),
            .init("nodeStates", JSONValue(result.nodeStateCount)),
            .init("events", JSONValue(result.transitionCount)),
        ]
        switch result.outcome {
        case .holds: members.append(.init("result", "proved"))
        case .undecided(let obstacle):
            members.append(.init("result", "notProved"))
            members.append(.init("reason", .string(Self.phrase(obstacle))))
        case .broken(let acts, let failures):
            members.append(.init("result", "broken"))
            members.append(.init("schedule", .array(acts.map(Self.json))))
            members.append(.init("failures", .array(failures.map(Self.json))))
        }
        return .object(members)
    }

    private static func json(_ act: RotationAct) -> JSONValue {
        [
            "event": .string(RotationPhrases.event(act.event)),
            "steps": .array(act.steps.map { .string(RotationPhrases.step($0)) }),
        ]
    }

    private static func json(_ failure: RotationFailure) -> JSONValue {
        [
            "from": .string(RotationCluster.name(failure.source)),
            "to": .string(RotationCluster.name(failure.target)),
            "packet": failure.isError ? "nodeError" : "pod",
            "what": .string(RotationPhrases.kind(failure.verdict)),
            "reason": .string(RotationPhrases.reason(failure)),
        ]
    }
}
