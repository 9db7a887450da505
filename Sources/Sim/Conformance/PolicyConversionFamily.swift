import Inputs
import Model

/// The family `policy-conversion`: what Kubernetes' security policies come to in the workload API.
enum PolicyConversionFamily {
    /// Converts the objects and compares the one policy that comes of them.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var cluster = KubernetesCluster(
            KubernetesSettings(rootNamespace: try input.requiredString("system_namespace")))
        for node in input.list("resources") {
            for object in try KubernetesObject.objects(in: node, file: vector.file) { try cluster.apply(object) }
        }
        let got = cluster.convertedPolicies
        var expectation = try Expectation(vector.expect, of: vector)
        guard let node = expectation.value("authorization") else { return try expectation.finish() }
        var expected: [Policy] = []
        if let node {
            var policy = try WorkloadAPIResource.policy(node, file: vector.file)
            // Vectors have objects without a namespace; here these are in the default one.
            if policy.namespace.isEmpty { policy.namespace = KubernetesObject.defaultNamespace }
            expected = [policy]
        }
        if expected != got {
            expectation.compare("authorization", expected: text(expected), got: text(got))
        }
        return try expectation.finish()
    }

    private static func text(_ policies: [Policy]) -> String {
        policies.isEmpty ? "none" : policies.map { "\($0)" }.joined(separator: ", ")
    }
}
