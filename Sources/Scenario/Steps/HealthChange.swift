/// Workloads fall ill or recover. No workload does both.
public struct HealthChange: Hashable, Sendable {
    /// Names, none twice; empty when only `healthy` has some.
    public var unhealthy: [Located<String>]
    /// Names, none twice; empty when only `unhealthy` has some.
    public var healthy: [Located<String>]
}
