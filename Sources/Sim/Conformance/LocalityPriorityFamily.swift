import Inputs
import Model

/// The family `locality-priority`: the priority that an endpoint has for this node.
enum LocalityPriorityFamily {
    /// Ranks the workload and compares.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        let local = try identity(input.required("local"), vector)
        let endpoint = try identity(input.required("workload"), vector)
        let balancing = LoadBalancing(.failover, preferring: try input.scopes("routing_preferences"))
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareInteger("priority", with: balancing.priority(of: endpoint, from: local))
        return try expectation.finish()
    }

    private static func identity(
        _ node: DocumentNode, _ vector: ConformanceCase
    ) throws(InputError) -> LocalIdentity {
        var fields = try Fields(node, file: vector.file, what: "a place")
        return LocalIdentity(
            locality: try fields.locality(), node: try fields.string("node") ?? "",
            cluster: try fields.string("cluster_id") ?? "", network: try fields.string("network") ?? "")
    }
}
