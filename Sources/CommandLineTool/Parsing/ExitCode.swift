/// How a tool ends, for scripts to test.
public enum ExitCode: Int32, CaseIterable, Sendable {
    /// Done, and nothing to report as wrong.
    case ok = 0
    /// It ran, but the answer is no: a check failed or two things differ.
    case failed = 1
    /// The command line itself is wrong.
    case usage = 2
    /// An input file cannot be read or does not mean anything.
    case badInput = 3
    /// A privilege or a kernel feature is missing.
    case privilege = 4

    /// One sentence for the manual page.
    var meaning: String {
        switch self {
        case .ok: "Success."
        case .failed: "The command ran, but failed or found a difference."
        case .usage: "The command line is wrong."
        case .badInput: "An input cannot be read or is invalid."
        case .privilege: "A privilege or a kernel feature is missing."
        }
    }
}
