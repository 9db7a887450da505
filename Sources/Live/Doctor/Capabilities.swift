internal import CLinux

/// Capabilities of the process that matter here; bits as in `<linux/capability.h>`.
struct Capabilities: OptionSet, Hashable, Sendable {
    let rawValue: UInt64

    static let networkAdministration = Capabilities(rawValue: 1 << 12)
    static let systemAdministration = Capabilities(rawValue: 1 << 21)
    static let processTracing = Capabilities(rawValue: 1 << 19)
    static let bpf = Capabilities(rawValue: 1 << 39)

    /// Each one that the agent needs, with what for.
    static let needed: [(capability: Capabilities, name: String, purpose: String)] = [
        (.bpf, "CAP_BPF", "makes maps and loads programs"),
        (.networkAdministration, "CAP_NET_ADMIN", "attaches programs to the hooks of sockets"),
        (.systemAdministration, "CAP_SYS_ADMIN", "enters pods' network namespaces and opens programs by number"),
    ]

    /// The effective set of this process; empty when the kernel does not tell.
    static var effective: Capabilities {
        var set: UInt64 = 0
        // In bounds: the call fills one number.
        return unsafe km_effective_capabilities(&set) == 0 ? Capabilities(rawValue: set) : []
    }
}
