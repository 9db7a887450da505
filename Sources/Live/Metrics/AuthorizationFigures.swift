import Model

/// What the agent's metrics tell of authorization, at one moment.
public struct AuthorizationFigures: Sendable {
    /// Denials that were reported, by their labels.
    public var denials: [(labels: DenialLabels, count: UInt64)] = []
    /// Denials that were read and not logged; those that the programs did not report are in the hook's exits.
    public var unreported: UInt64 = 0
    public var policies: UInt64 = 0
    public var generation: UInt64 = 0
    public var views: UInt64 = 0
    public var judgedAddresses: UInt64 = 0
    public var problems: UInt64 = 0
    public var isUserSpace = false
    /// Managed pods all of whose interfaces have the program.
    public var enforcedPods: UInt64 = 0
    public var otherPods: UInt64 = 0
    public var writeFailures: UInt64 = 0

    public init() {}

    init(
        denials: [(labels: DenialLabels, count: UInt64)], unreported: UInt64, policies: PolicyFeed?, policyCount: Int,
        generation: UInt32, isUserSpace: Bool, enforcedPods: Int, otherPods: Int, writeFailures: UInt64
    ) {
        self.denials = denials
        self.unreported = unreported
        self.policies = UInt64(policyCount)
        self.generation = UInt64(generation)
        views = UInt64(policies?.compiler.counts.views ?? 0)
        judgedAddresses = UInt64(policies?.compiler.counts.destinations ?? 0)
        problems = UInt64(policies?.problems.count ?? 0)
        self.isUserSpace = isUserSpace
        self.enforcedPods = UInt64(enforcedPods)
        self.otherPods = UInt64(max(0, otherPods))
        self.writeFailures = writeFailures
    }
}

extension AgentMetrics {
    /// The families of authorization.
    static func authorization(_ figures: AgentFigures) -> [MetricFamily] {
        func one(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: UInt64) -> MetricFamily {
            MetricFamily(name, kind, help: help, [.init([], value)])
        }
        let own = figures.authorization
        let exits = figures.hookExits.filter { $0.hook == .xdpIngress }
        let unreported = exits.filter { $0.reason == .denialUnreported }.reduce(0) { $0 + $1.count }
        return [
            MetricFamily(
                "kmesh_authorization_denied_packets_total", .counter,
                help: "Packets that did not get into a pod, by reason.",
                exits.filter { AuthorizationStatus.denying.contains($0.reason) }.map {
                    .init([.init("reason", $0.reason.rawValue)], $0.count)
                }),
            MetricFamily(
                "kmesh_authorization_denials_total", .counter,
                help: "Denials that were reported, by source, destination and policy.",
                own.denials.map { .init($0.labels.labels, $0.count) }),
            one(
                "kmesh_authorization_denials_unreported_total", .counter,
                "Denials that were not reported, because there were too many.", unreported + own.unreported),
            one("kmesh_authorization_policies", .gauge, "Authorization policies of the mesh.", own.policies),
            one(
                "kmesh_authorization_generation", .gauge, "How often the policies in force changed since the start.",
                own.generation),
            one(
                "kmesh_authorization_views", .gauge, "Different sets of policies that addresses are judged by.",
                own.views),
            one(
                "kmesh_authorization_judged_addresses", .gauge, "Addresses that the kernel judges.",
                own.judgedAddresses),
            one(
                "kmesh_authorization_problems", .gauge,
                "Policies and workloads whose policies cannot be compiled; everything is denied there.", own.problems),
            one(
                "kmesh_authorization_user_space", .gauge, "1 when the agent decides instead of the kernel.",
                own.isUserSpace ? 1 : 0),
            MetricFamily(
                "kmesh_authorization_pods", .gauge, help: "Managed pods by whether their connections are judged.",
                [
                    .init([.init("state", "enforced")], own.enforcedPods),
                    .init([.init("state", "notEnforced")], own.otherPods),
                ]),
            one(
                "kmesh_authorization_write_failures_total", .counter,
                "Writes of policies that the kernel refused; new maps took the place of these.", own.writeFailures),
        ]
    }
}
