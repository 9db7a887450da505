/// Why the agent cannot use its state directory or a file in it.
public enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file operation that the kernel refused.
    case refused(KernelError)
    /// Another agent uses the directory; its process id where it told.
    case held(directory: String, process: Int32?)
    /// Others than the agent's user may write into the directory, or it is no directory.
    case unsafeDirectory(String, String)
    /// A file says something that no agent wrote there. Lines count from 1.
    case damaged(file: String, line: Int, String)

    public var description: String {
        switch self {
        case .refused(let error):
            return error.description
        case .held(let directory, let process):
            let holder = process.map { "process \($0)" } ?? "another process"
            return "\(directory) is in use by \(holder); give each agent its own --state-dir"
        case .unsafeDirectory(let directory, let reason):
            return "\(directory) cannot hold the agent's state: \(reason)"
        case .damaged(let file, let line, let message):
            return "\(file):\(line): \(message)"
        }
    }
}
