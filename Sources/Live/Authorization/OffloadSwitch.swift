import Glibc
import Inputs

/// Whether the kernel decides about inbound connections, where the preset lets it, or the agent: `kmesh-live authz`.
/// Remembered in the state directory, so that it outlives the agent.
public enum OffloadSwitch: String, Hashable, Sendable, CaseIterable {
    case on, off

    /// The file's name in the state directory.
    public static let fileName = "authz"
    /// Has its own lock, so that it is switched while the agent runs.
    private static let lockName = "authz.lock"

    /// Reads it; a directory without the file has it on.
    public init(inDirectory path: String) throws(AgentError) {
        let file = "\(path)/\(Self.fileName)"
        // The path is lent for the call.
        guard unsafe access(file, F_OK) == 0 else {
            self = .on
            return
        }
        let text = try AgentError.wrapping { try TextFile.contents(ofPath: file) }
        guard text.hasSuffix("\n"), let value = OffloadSwitch(rawValue: String(text.dropLast())) else {
            throw .state(.damaged(file: file, line: 1, "must be \"on\" or \"off\""))
        }
        self = value
    }

    /// Remembers it, and tells the programs that are pinned, if any are.
    public func set(inDirectory path: String, _ pins: PinDirectory) throws(AgentError) {
        try AgentError.wrapping {
            let directory = try StateDirectory(path: path, lockName: Self.lockName, waits: true)
            try directory.replace(Self.fileName, with: Array("\(rawValue)\n".utf8))
            guard let variables = try pins.open(Dataplane.variablesName) else { return }
            try set(ProgramVariables(adopting: variables))
        }
    }

    /// Tells programs.
    func set(_ variables: borrowing ProgramVariables) throws(KernelError) {
        try variables.setUserSpaceDecides(self == .off)
    }
}
