import Model
import Sim

/// A case in both twins, and against the reference.
struct PacketComparison {
    /// How packets can end in the hardened hook.
    static let reachable: [Reason] = [
        .notIP, .notTCP, .notJudged, .noPolicy, .reply, .nodeProbe, .allowedBefore, .deniedBefore, .allowedByPolicy,
        .allowedByDefault, .deniedByPolicy, .deniedByDefault, .malformedPassed, .malformedDropped, .fragmentAllowed,
        .fragmentDropped, .dryRunDenies, .dryRunAllows,
    ]

    private(set) var simulated = PacketOutcome()
    /// What is not as it should be, in words; nil when all is.
    private(set) var difference: String?
    /// SYNs whose verdict was compared with the plain reference.
    private(set) var judgedByReference = 0

    init(_ test: PacketCase, in kernel: borrowing KernelIngress) throws {
        var simulator = SimulatedIngress()
        try kernel.reset()
        try kernel.apply(try simulator.apply(Mesh().changes(to: test.mesh)))
        for (index, action) in test.actions.enumerated() {
            switch action {
            case .change(let change): try kernel.apply(try simulator.apply([change]))
            case .opens(let flow):
                simulator.open(flow)
                try kernel.open(flow)
            case .frame(let bytes, let request):
                let decision = simulator.receive(bytes, into: &simulated)
                try kernel.receive(bytes)
                if let request { compare(decision, request, simulator, index) }
            }
        }
        let real = try kernel.takeOutcome()
        if difference == nil, real != simulated { difference = Self.describe(simulated, real, test) }
    }

    private mutating func compare(
        _ decision: IngressDecision, _ request: AuthorizationRequest, _ simulator: SimulatedIngress, _ index: Int
    ) {
        guard let expected = simulator.expected(request) else {
            if decision.reason != .notJudged { difference = "action \(index): \(decision.reason) to nobody" }
            return
        }
        // An IPv6 address with the map form of an IPv4 one may be taken for nobody it is, and fails closed.
        let ends = [request.source, request.destination.address]
        guard ends.allSatisfy({ MapAddress($0).family == $0.family }) else { return }
        judgedByReference += 1
        let isAllowed = expected.isProbe || expected.verdict.isAllowed
        var rule: RuleReference?
        if let found = decision.rule, let name = simulator.compiler.names.name(of: found.policyID) {
            rule = RuleReference(policy: name, rule: Int(found.index))
        }
        let isSameRule = expected.isProbe || rule == expected.verdict.rule
        if (decision.verdict == .pass) != isAllowed || !isSameRule {
            difference = "action \(index): \(decision.reason) by \(rule as Any); the reference: \(expected.verdict)"
        }
    }

    private static func describe(_ simulated: PacketOutcome, _ real: PacketOutcome, _ test: PacketCase) -> String {
        if let frame = zip(simulated.passes, real.passes).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            return "frame \(frame): the simulator \(simulated.passes[frame] ? "passes" : "drops"), the kernel does not"
        }
        if simulated.counts != real.counts {
            let reasons = Reason.allCases.filter { simulated.counts[$0] != real.counts[$0] }
            return "counts differ: "
                + reasons.map { "\($0) \(simulated.counts[$0] ?? 0) here, \(real.counts[$0] ?? 0) in the kernel" }
                .joined(separator: ", ")
        }
        let index = zip(simulated.denials, real.denials).enumerated().first { $1.0 != $1.1 }?.offset
        return index.map { "denial \($0): \(simulated.denials[$0]) here, \(real.denials[$0]) in the kernel" }
            ?? "\(simulated.denials.count) denials are told here, \(real.denials.count) in the kernel"
    }
}

/// Leaves out of a case what it does not need to show a difference.
enum PacketShrinker {
    static func shrunk(_ test: PacketCase) throws -> (test: PacketCase, difference: String?) {
        let kernel = try KernelIngress()
        var test = test
        var difference = try PacketComparison(test, in: kernel).difference
        guard difference != nil else { return (test, nil) }
        func tryOut(_ smaller: PacketCase) throws -> Bool {
            guard let found = try PacketComparison(smaller, in: kernel).difference else { return false }
            (test, difference) = (smaller, found)
            return true
        }
        var size = -1
        while size != test.actions.count + test.mesh.policies.count + test.mesh.workloads.count {
            size = test.actions.count + test.mesh.policies.count + test.mesh.workloads.count
            var chunk = max(1, test.actions.count / 2)
            while chunk > 0 {
                var end = test.actions.count
                while end > 0 {
                    let start = max(0, end - chunk)
                    var smaller = test
                    smaller.actions.removeSubrange(start..<end)
                    _ = try tryOut(smaller)
                    end = start
                }
                chunk /= 2
            }
            for name in test.mesh.policies.keys.sorted() {
                var smaller = test
                smaller.mesh.policies[name] = nil
                _ = try tryOut(smaller)
            }
            for uid in test.mesh.workloads.keys.sorted() {
                var smaller = test
                smaller.mesh.workloads[uid] = nil
                _ = try tryOut(smaller)
            }
        }
        return (test, difference)
    }
}
