import Glibc
import Inputs
public import Model

/// A state directory as others see it, also while an agent has it.
public struct StateView: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// The process id of the agent that has the directory, nil without one.
    public var agent: Int32? {
        // The path is lent for the call.
        let raw = unsafe open("\(path)/\(StateDirectory.lockName)", O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(adopting: raw)
        // Whoever gets the lock finds nobody; it goes with the descriptor.
        guard flock(raw, LOCK_SH | LOCK_NB) != 0 else { return nil }
        let text = (try? descriptor.contents(named: path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return Digits.decimal(text.split(separator: "\n").first ?? "", as: Int32.self)
    }

    /// The ids of names; none where the directory holds none.
    public func names() throws(AgentError) -> NameTable {
        // An agent may replace both files between our reading of the one and the other.
        for _ in 0..<3 {
            if let names = try? NameStore.names(inDirectory: path) { return names }
        }
        do throws(StateError) {
            return try NameStore.names(inDirectory: path)
        } catch {
            throw .state(error)
        }
    }

    /// The pods that are to be managed.
    public func pods() throws(AgentError) -> ManagedPods {
        try AgentError.wrapping { try ManagedPods(inDirectory: path) }
    }
}
