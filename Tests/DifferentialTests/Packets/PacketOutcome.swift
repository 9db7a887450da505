import KernelABI
import Model

/// What a twin did with a case.
struct PacketOutcome: Equatable {
    /// What is told of a denial or of a dry run.
    struct Denial: Equatable {
        var reason: Reason
        /// The number of the policy's id, and of the rule in it; nil where no rule decides.
        var policy: UInt32?
        var rule: UInt32?
        var identity: UInt32
        var source: String
        var destination: String
    }

    /// For each frame, whether it was let in.
    var passes: [Bool] = []
    /// How often frames ended so.
    var counts: [Reason: UInt64] = [:]
    var denials: [Denial] = []
}
