/// Why the kernel refuses a map operation.
public enum MapError: Error, Hashable, Sendable {
    /// E2BIG: a new key in a full hash map.
    case full(capacity: Int)
    /// ENOENT: the key to delete is not there.
    case missing
    /// ENOSPC: a new prefix in a full trie.
    case noSpace(capacity: Int)
    /// EINVAL: a prefix longer than the key.
    case invalid

    /// The kernel's name of the error.
    public var name: String {
        switch self {
        case .full: "E2BIG"
        case .missing: "ENOENT"
        case .noSpace: "ENOSPC"
        case .invalid: "EINVAL"
        }
    }
}
