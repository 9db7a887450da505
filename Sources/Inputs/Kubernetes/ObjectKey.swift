/// An object's kind and name: by this a cluster knows it.
struct ObjectKey: Hashable, Sendable, Comparable {
    var kind: KubernetesKind
    var name: KubernetesName

    /// By name, then by kind.
    static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        a.name == b.name ? a.kind.rawValue < b.kind.rawValue : a.name < b.name
    }
}
