/// Why the programs cannot be loaded, or pinned objects not be used.
public enum LoadError: Error, Hashable, Sendable, CustomStringConvertible {
    case kernel(KernelError)
    /// The kernel's verifier, or libbpf, refused; with its last words.
    case refused(KernelError, messages: String)
    /// A map has another layout than these programs know.
    case layout(map: String, path: String, difference: String)
    /// The directory for pins is not on a BPF file system.
    case noFileSystem(path: String)
    /// A program of another owner has the interface of a pod.
    case interfaceTaken(interface: String, namespace: String)
    /// A filter of another owner has the place of ours at an interface of the node.
    case filterTaken(interface: String, priority: UInt32, handle: UInt32)
    /// Frames of an interface have no Ethernet header, which the programs read.
    case noEthernet(interface: String)
    /// Programs cannot be attached there.
    case noCgroup(path: String)

    /// Whether a privilege or a feature of the kernel is missing.
    public var isMissingPrivilege: Bool {
        switch self {
        case .kernel(let error), .refused(let error, _): error.isMissingPrivilege
        case .noFileSystem, .noCgroup: true
        case .layout, .interfaceTaken, .filterTaken, .noEthernet: false
        }
    }

    public var description: String {
        switch self {
        case .kernel(let error): "\(error)"
        case .refused(let error, let messages):
            messages.isEmpty ? "\(error)" : "\(error); libbpf says:\n\(messages)"
        case .layout(let map, let path, let difference):
            "the map \(path) cannot be used as \(map): \(difference); another version made it. "
                + "Detach that version, or give another directory for pins"
        case .noFileSystem(let path):
            "\(path) is not on a BPF file system; mount one: mount -t bpf bpf /sys/fs/bpf"
        case .interfaceTaken(let interface, let namespace):
            "another XDP program is attached to the interface \(interface) of \(namespace); it was left in place. "
                + "Detach it (ip link set dev \(interface) xdp off, in that namespace), or leave this pod out"
        case .filterTaken(let interface, let priority, let handle):
            "another filter is at the interface \(interface), priority \(priority), handle \(handle); it was left in place. "
                + "Move it (tc filter show dev \(interface) ingress)"
        case .noEthernet(let interface):
            "the frames of the interface \(interface) have no Ethernet header; name the interface below it"
        case .noCgroup(let path):
            "\(path) is not a directory of cgroup v2; mount it (mount -t cgroup2 none /sys/fs/cgroup), or name one"
        }
    }
}
