import Inputs
import Model

/// The family `enrolment`: which pods the mesh takes care of.
enum EnrolmentFamily {
    /// Judges the pod and compares.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        let pod = try input.required("pod")
        let namespace = input.node("namespace")
        let isEnrolled = Enrolment.isEnrolled(
            namespaceLabels: try texts(namespace?["metadata", "labels"], vector),
            podLabels: try texts(pod["metadata", "labels"], vector),
            podAnnotations: try texts(pod["metadata", "annotations"], vector),
            isHostNetwork: pod["spec", "hostNetwork"]?.boolean ?? false)
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareBoolean("enrolled", with: isEnrolled)
        return try expectation.finish()
    }

    /// Labels or annotations; none when missing.
    private static func texts(_ node: DocumentNode?, _ vector: ConformanceCase) throws(InputError) -> [String: String] {
        guard let node else { return [:] }
        guard let entries = node.entries else {
            throw InputError(vector.file, node.position, "labels must be a mapping, not \(node.kindName)")
        }
        return Dictionary(entries.map { ($0.key, $0.value.text ?? "") }) { first, _ in first }
    }
}
