public import Model

/// What a search found.
public struct RotationResult: Sendable {
    public enum Outcome: Sendable {
        /// In every state that can be reached every packet arrives, encrypted.
        case holds
        /// The shortest way to a state in which packets are lost or in clear, and all of these.
        case broken([RotationAct], [RotationFailure])
        case undecided(Obstacle)
    }

    /// Why nothing is proved.
    public enum Obstacle: Hashable, Sendable {
        case tooManyStates
        /// The reason for which agents' steps cannot be taken together, or nodes for each other.
        case notReducible(String)
    }

    public let cluster: RotationCluster
    /// Whether orders that make no difference, and states that differ in nodes' names, were gone through once.
    public let isReduced: Bool
    public let outcome: Outcome
    /// Of the cluster.
    public let stateCount: Int
    /// Events gone through.
    public let transitionCount: Int
    /// States of single nodes.
    public let nodeStateCount: Int

    public var holds: Bool {
        if case .holds = outcome { return true }
        return false
    }
}

/// One event on the way to a state.
public struct RotationAct: Hashable, Sendable {
    public var event: RotationEvent
    /// What the node's agent does then.
    public var steps: [EncryptionStep]
}

/// A packet that is lost or in clear.
public struct RotationFailure: Hashable, Sendable {
    /// Numbers of nodes.
    public var source: Int
    public var target: Int
    /// Whether the node sends it itself, as an ICMP error about a packet that it decrypted (H17); else a pod does.
    public var isError: Bool
    public var verdict: RotationVerdict
}
