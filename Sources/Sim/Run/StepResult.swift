public import Inputs
public import Model
public import Scenario

/// An expectation and how it came out.
public struct CheckResult: Sendable {
    /// The expectation's key: `destination`, `share` and so on.
    public var key: String
    public var expected: String
    public var got: String
    public var isMet: Bool
    /// Where the expectation stands, nil for those of `kmesh-sim connect`.
    public var place: Place?
}

/// Connections of one step that went the same way.
public struct ConnectionGroup: Sendable {
    public var verdict: ConnectDecision.Verdict
    /// Where they really went, nil when refused.
    public var final: SocketAddress?
    public var finalName: String
    public var waypoint: String?
    public var reason: Reason
    public var waypointReason: Reason?
    /// What authorization decided; nil where nobody did.
    public var authorization: Judgement?
    public var count: Int
    /// The first of them, hook by hook.
    public var trace: [HookTrace]
}

/// What a step did, and how its expectations came out.
public struct StepResult: Sendable {
    /// From 1.
    public var index: Int
    public var kind: Step.Kind
    public var title: String
    public var note: String?
    public var place: Place
    /// What happened, in sentences.
    public var facts: [String] = []
    /// Connections by where they went, most frequent first.
    public var groups: [ConnectionGroup] = []
    /// What authorization decided in steps without connections; nil where nobody did.
    public var authorization: Judgement?
    /// Hooks that ran in steps without connections.
    public var trace: [HookTrace] = []
    /// The way of packets over the network, and what agents did, of steps with either.
    public var sections: [TraceSection] = []
    /// The first reports, at most 100.
    public var reports: [ConnectionReport] = []
    public var reportCount = 0
    public var problems: [Problem] = []
    /// What agents cannot do as it is meant since this step, a sentence each without its full stop.
    public var encryptionProblems: [String] = []
    public var checks: [CheckResult] = []

    public var isSuccess: Bool { checks.allSatisfy(\.isMet) }
}

/// A whole run of a scenario under one preset.
public struct ScenarioResult: Sendable {
    public var name: String
    public var description: String
    public var file: String
    public var preset: Preset
    public var seed: UInt64
    /// Problems of the mesh before the first step.
    public var problems: [Problem]
    /// What agents could not do as it is meant before the first step, a sentence each without its full stop.
    public var encryptionProblems: [String]
    /// What was left out of the sources.
    public var notes: [InputNote]
    public var steps: [StepResult]
    public var counters: [(name: String, count: UInt64)]

    public var isSuccess: Bool { steps.allSatisfy(\.isSuccess) }
    public var checkCount: Int { steps.reduce(0) { $0 + $1.checks.count } }
    public var failedCheckCount: Int { steps.reduce(0) { $0 + $1.checks.filter { !$0.isMet }.count } }
}
