import CommandLineTool
import Live

extension Option {
    /// Where the agent's objects are.
    static let pinDirectory = Option.value(
        "pin-dir", "DIR", presence: .defaults(to: PinDirectory.standard.path),
        help: "Where maps and programs are pinned: a directory of a BPF file system.")

    /// Where the agent keeps what must outlive it.
    static let stateDirectory = Option.value(
        "state-dir", "DIR", presence: .defaults(to: AgentConfiguration.standardStateDirectory),
        help: "Where names and ids are kept over restarts; made if missing.")

    /// On whom the agent acts.
    static let cgroup = Option.value(
        "cgroup", "DIR", presence: .defaults(to: "the root of the mounted cgroup v2"),
        help: "The processes on whose connections the programs act: a directory of cgroup v2.")
}

extension Invocation {
    /// The directory of pins that was asked for, or the default.
    var pinDirectory: String { value("pin-dir") ?? PinDirectory.standard.path }

    /// The state directory that was asked for, or the default.
    var stateDirectory: String { value("state-dir") ?? AgentConfiguration.standardStateDirectory }
}
