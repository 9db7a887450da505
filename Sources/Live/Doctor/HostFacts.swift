/// What was found out about a host, before anything is made of it.
struct HostFacts: Hashable, Sendable {
    /// What may be done with a directory that the agent makes where it is missing, without its parents.
    enum DirectoryState: Hashable, Sendable {
        case writable
        /// By the group or by everybody too.
        case writableByOthers
        case notWritable
        case notADirectory
        /// It is not there, but the directory above is.
        case absent(parent: String, parentIsWritable: Bool)
        /// Nor is the directory above.
        case parentAbsent(String)
    }

    /// A directory where cgroup v2 should be.
    enum Cgroup: Hashable, Sendable {
        /// Nothing of the kind is mounted.
        case notMounted
        /// The path is not a directory of cgroup v2.
        case notOne(path: String)
        /// - Parameter isTop: Whether all processes of the host are in it or below.
        case found(path: String, isTop: Bool)
    }

    /// The answers of the kernel about BPF.
    struct BPF: Hashable, Sendable {
        var features: [Feature: Feature.Answer]
        /// What acts on the cgroup already; nil where there is no cgroup to ask about.
        var attached: Result<AttachedPrograms, KernelError>?
    }

    /// As uname(2) gives it.
    var release: String
    var capabilities: Capabilities
    /// Capabilities of another user namespace count for nothing with BPF.
    var isInitialUserNamespace: Bool
    var mounts: MountTable
    var cgroup: Cgroup
    var pinDirectory: String
    var pinDirectoryState: DirectoryState
    var stateDirectory: String
    var stateDirectoryState: DirectoryState
    /// Whether the kernel describes its types.
    var hasTypes: Bool
    /// Text of `/proc/sys/net/core/bpf_jit_enable`, nil where it cannot be read.
    var jit: String?
    /// Text of `/proc/sys/kernel/unprivileged_bpf_disabled`, nil where it cannot be read.
    var unprivileged: String?
    /// The error number of membarrier(2), 0 when it works.
    var membarrierErrno: CInt
    /// Bytes that may be locked; nil for no limit.
    var lockedMemoryLimit: UInt64?
    /// nil without the privilege to ask.
    var bpf: BPF?

    /// Whether the kernel answers questions about BPF.
    static func canAsk(_ capabilities: Capabilities, isInitialUserNamespace: Bool) -> Bool {
        isInitialUserNamespace && capabilities.isSuperset(of: [.bpf, .networkAdministration])
    }
}
