import CommandLineTool
import Model
import Sim

extension HookTrace {
    /// Which hook ran where: `sockOps on node-a, the server's side`.
    var place: String { "\(hook.rawValue) on \(node)\(isServerSide ? ", the server's side" : "")" }
}

/// Hooks with every step they took, as lines.
struct TraceText {
    /// For emphasis.
    let style: Style

    /// Names of maps get this many columns, enough for the longest.
    private static let nameWidth = 15

    /// In the order in which the hooks ran.
    func lines(_ traces: [HookTrace]) -> [String] { traces.flatMap(lines) }

    /// In the order in which things happened.
    func lines(_ sections: [TraceSection]) -> [String] {
        sections.flatMap { section in [style.bold(section.title)] + section.steps.map { "  " + line($0) } }
    }

    private func lines(_ trace: HookTrace) -> [String] {
        ["\(style.bold(trace.place)): \(trace.reason.rawValue)"] + trace.steps.map { "  " + line($0) }
    }

    /// A step of a trace.
    func line(_ step: TraceStep) -> String {
        let name = style.dim(padded(step.what, to: Self.nameWidth))
        return step.key.isEmpty ? "\(name) \(step.value)" : "\(name) \(step.key) → \(step.value)"
    }
}
