import Glibc
import Inputs

extension ManagedPods {
    /// Has its own lock, so that pods are managed while the agent runs.
    private static let lockName = "managed-pods.lock"

    /// Reads the pods of a state directory that another process may have; a directory without the file has none. Never
    /// half of a change: the file is replaced as a whole.
    public init(inDirectory path: String) throws(StateError) {
        let file = "\(path)/\(Self.fileName)"
        // The path is lent for the call.
        guard unsafe access(file, F_OK) == 0 else {
            self.init()
            return
        }
        let text: String
        do throws(InputError) {
            text = try TextFile.contents(ofPath: file)
        } catch {
            throw .refused(KernelError("read", file, errno: EIO))
        }
        try self.init(text: text, file: file)
    }

    /// Changes the pods of a state directory, one process after the other.
    public static func change(
        inDirectory path: String, _ body: (inout ManagedPods) throws(AgentError) -> Void
    ) throws(AgentError) {
        let directory = try AgentError.wrapping { try StateDirectory(path: path, lockName: lockName, waits: true) }
        var pods = try AgentError.wrapping { try ManagedPods(in: directory) }
        let before = pods
        try body(&pods)
        guard pods != before else { return }
        try AgentError.wrapping { try pods.save(in: directory) }
    }
}
