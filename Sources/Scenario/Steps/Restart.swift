/// Pods of owners (Deployments and the like) are replaced one after the other.
public struct Restart: Hashable, Sendable {
    /// In which order a pod is replaced.
    public enum Order: Hashable, Sendable {
        /// The new pod is ready before the old one goes.
        case newBeforeOld
        /// The old pod goes first.
        case oldBeforeNew
    }

    /// Not empty, no name twice.
    public var owners: [Located<String>]
    /// The same for every pod.
    public var order: Order
}
