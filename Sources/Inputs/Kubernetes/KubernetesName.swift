/// The name of an object within its kind. Cluster-wide objects have an empty namespace.
public struct KubernetesName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Empty for cluster-wide objects.
    public var namespace: String
    public var name: String

    /// A name as it is; nothing is checked.
    public init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or the name of a cluster-wide object.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    /// By namespace, then by name.
    public static func < (a: KubernetesName, b: KubernetesName) -> Bool {
        a.namespace == b.namespace ? a.name < b.name : a.namespace < b.namespace
    }
}
