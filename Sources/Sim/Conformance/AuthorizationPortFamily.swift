import Inputs
import Model

/// The family `authz-port`: a call of a service's port, judged by the pod's.
enum AuthorizationPortFamily {
    /// Judges the pod's port by a policy of Kubernetes that names ports only.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        let policy = try policy(input.required("policy"), vector)
        let port = try podPort(&input, vector)
        try input.finish()
        // Any: neither address is asked for.
        let request = AuthorizationRequest(
            source: .anyV4, identity: nil, destination: SocketAddress(.anyV4, port: port))
        let workload = Workload(WorkloadUID("dst"), name: "dst", namespace: "", policies: [policy.resourceName])
        let upstream = UpstreamUserSpaceAuthorization.decision(
            on: request, to: workload, by: [UpstreamPolicySchema.degraded(policy).policy])
        let verdict = ReferenceAuthorization.verdict(on: request, by: [policy])
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareBoolean("allowed", with: verdict.isAllowed)
        expectation.compare(
            "allowed by upstream's user space", expected: String(verdict.isAllowed), got: String(upstream.isAllowed))
        return try expectation.finish()
    }

    /// The target port of the service port that is called, which the case states too.
    private static func podPort(_ input: inout Fields, _ vector: ConformanceCase) throws(InputError) -> UInt16 {
        var service = try Fields(input.required("service"), file: vector.file, what: "\"service\"")
        _ = try input.required("call_service_port")
        let called: UInt16? = try input.number("call_service_port")
        var port: UInt16?
        for node in service.list("ports") {
            var fields = try Fields(node, file: vector.file, what: "a port")
            let servicePort: UInt16? = try fields.number("port")
            let targetPort: UInt16? = try fields.number("targetPort")
            try fields.finish()
            if servicePort == called { port = port ?? targetPort ?? servicePort }
        }
        try service.finish()
        guard let port else { throw vector.problem("the service has no such port") }
        guard try input.number("resolved_pod_port") ?? port == port else {
            throw vector.problem("the service port leads to \(port), not to \"resolved_pod_port\"")
        }
        return port
    }

    /// A policy whose rules name ports: each `to` is a match of one clause.
    private static func policy(_ node: DocumentNode, _ vector: ConformanceCase) throws(InputError) -> Policy {
        var policy = try Fields(node, file: vector.file, what: "\"policy\"")
        guard try policy.requiredString("kind") == "AuthorizationPolicy" else {
            throw vector.problem("\"policy\" must be an AuthorizationPolicy")
        }
        var spec = try Fields(policy.required("spec"), file: vector.file, what: "\"spec\"")
        // It selects the destination: the case is about nothing else.
        _ = try spec.required("selector")
        let action: Policy.Action = try spec.word("action", in: ["ALLOW": .allow, "DENY": .deny], default: .allow)
        var rules: [Policy.Rule] = []
        for node in spec.list("rules") {
            var rule = try Fields(node, file: vector.file, what: "a rule")
            var matches: [PolicyMatch] = []
            for node in rule.list("to") { matches.append(try match(node, vector)) }
            try rule.finish()
            rules.append(Policy.Rule([Policy.Clause(matches)]))
        }
        try spec.finish()
        try policy.finish()
        return Policy(name: "policy", namespace: "", scope: .workload, action: action, rules: rules)
    }

    private static func match(_ node: DocumentNode, _ vector: ConformanceCase) throws(InputError) -> PolicyMatch {
        var to = try Fields(node, file: vector.file, what: "\"to\"")
        var operation = try Fields(to.required("operation"), file: vector.file, what: "\"operation\"")
        var ports: [UInt16] = []
        for text in try operation.strings("ports") {
            guard let port = Digits.decimal(text, as: UInt16.self) else {
                throw vector.problem("a port must be a whole number from 0 to 65535, not \"\(text)\"")
            }
            ports.append(port)
        }
        try operation.finish()
        try to.finish()
        return PolicyMatch(destinationPorts: PolicyMatch.Values(ports))
    }
}
