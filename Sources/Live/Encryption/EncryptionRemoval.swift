import Glibc
import Model

/// Takes what agents made for encryption out of the kernel.
public enum EncryptionRemoval {
    /// Removes the states and policies that the record of a state directory names, and the record. What others made stays.
    /// - Returns: how many there were.
    /// - Throws: also while an agent has the directory.
    public static func perform(inDirectory path: String) throws(AgentError) -> (states: Int, policies: Int) {
        guard let ours = try EncryptionRecord.identities(inDirectory: path) else { return (0, 0) }
        let directory = try AgentError.wrapping { try StateDirectory(path: path) }
        var counts = (states: 0, policies: 0)
        if !ours.states.isEmpty || !ours.policies.isEmpty {
            let socket = try AgentError.kernel { () throws(KernelError) in try XFRMSocket() }
            for id in ours.policies where try isRemoved(by: .deletePolicy(id), socket) { counts.policies += 1 }
            for id in ours.states where try isRemoved(by: .deleteState(id), socket) { counts.states += 1 }
        }
        try AgentError.wrapping {
            try directory.remove(EncryptionRecord.fileName)
            try directory.remove(EncryptionReport.fileName)
        }
        return counts
    }

    private static func isRemoved(by change: XFRMChange, _ socket: borrowing XFRMSocket) throws(AgentError) -> Bool {
        do throws(KernelError) {
            try socket.apply(change)
            return true
        } catch {
            guard error.errno == ESRCH || error.errno == ENOENT else { throw .kernel(error) }
            return false
        }
    }
}
