import Inputs
import Model

/// What became of a node's info.
enum NodeInfoChange: Hashable, Sendable {
    case set(String, NodeEncryption)
    case removed(String)
}

/// Where nodes tell each other how to send them encrypted packets: files, or the Kubernetes API.
protocol NodeInfoRegistry: ~Copyable {
    /// Lends a descriptor that becomes readable when there may be changes.
    borrowing func withRaw<Result>(_ body: (CInt) -> Result) -> Result

    /// What changed since the last call, everything at the first; our own node is among them.
    /// - Parameter isThorough: Whether to look at what no event told of.
    /// - Returns: also infos that cannot be used, each told once; what they said before stays.
    mutating func takeChanges(isThorough: Bool) throws(AgentError) -> (changes: [NodeInfoChange], errors: [InputError])

    /// Infos that cannot be used as they are, until they can.
    var problems: [InputError] { get }

    /// Tells the others of a node.
    mutating func publish(_ info: NodeEncryption, of node: String) throws(AgentError)
}
