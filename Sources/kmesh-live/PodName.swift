import CommandLineTool

/// A pod by its namespace and name.
struct PodName: Hashable {
    let namespace: String
    let name: String

    /// What `--pod` says of itself.
    static let help = "The pod, in the namespace default if none is named."

    /// Takes it from `--pod`, nil when that is left out.
    init?(_ invocation: Invocation) throws(UsageError) {
        guard let text = invocation.value("pod") else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw invocation.usageError(.badValue(of: "--pod", value: text, expected: "NAME or NAMESPACE/NAME"))
        }
        (namespace, name) = parts.count == 2 ? (parts[0], parts[1]) : ("default", parts[0])
    }
}
