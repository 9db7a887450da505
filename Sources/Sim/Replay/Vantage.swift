public import Model

/// Where a capture was taken. The hooks that apply to its packets are those behind that point.
public enum Vantage: Hashable, Sendable {
    /// Inside a pod's network namespace: what the pod sends has its whole way before it, what it receives has only
    /// xdp_ingress and the socket before it.
    case pod(WorkloadUID)
    /// At the uplink of a node alone, by its name: what the node sends is encrypted already where it is to be, and what
    /// it receives encrypted is shown a second time as decrypted. Packets of the node's other interfaces must be left
    /// out, as those of its pods' interfaces are not encrypted yet.
    case node(String)
    /// Between the nodes: every packet is shown once, and what is in clear went over the wire so.
    case wire
}

/// A vantage that was told from the addresses of the first packets, and why.
public struct VantageGuess: Hashable, Sendable {
    public var vantage: Vantage
    /// One sentence for people, without its full stop.
    public var reason: String

    init(_ vantage: Vantage, _ reason: String) {
        self.vantage = vantage
        self.reason = reason
    }
}
