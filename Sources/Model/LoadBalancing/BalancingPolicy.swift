/// How the data plane picks an endpoint: `enum km_lb_policy` of kernel_abi.h, with its numbers.
@frozen
public enum BalancingPolicy: UInt32, Hashable, Sendable, CaseIterable {
    case random = 0
    case strict = 1
    case failover = 2
    case passthrough = 3
}

extension LoadBalancing {
    /// The policy in the service's map entry.
    public var policy: BalancingPolicy {
        switch mode {
        case .random: .random
        case .strict: .strict
        case .failover: .failover
        case .passthrough: .passthrough
        }
    }
}
