import CommandLineTool
import Model
import Sim

/// Hooks with every step they took, as lines.
struct TraceText {
    let style: Style

    /// Names of maps get this many columns, enough for the longest.
    private static let nameWidth = 15

    func lines(_ traces: [HookTrace]) -> [String] { traces.flatMap(lines) }

    private func lines(_ trace: HookTrace) -> [String] {
        let side = trace.isServerSide ? ", the server's side" : ""
        let title = "\(style.bold(trace.hook.rawValue)) on \(trace.node)\(side): \(trace.reason.rawValue)"
        return [title] + trace.steps.map { "  " + line($0) }
    }

    private func line(_ step: TraceStep) -> String {
        let name = style.dim(padded(step.what, to: Self.nameWidth))
        return step.key.isEmpty ? "\(name) \(step.value)" : "\(name) \(step.key) → \(step.value)"
    }
}
