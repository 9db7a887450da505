/// The version at the beginning of a kernel's release, such as 6.1 of `6.1.0-28-cloud-amd64`.
struct KernelVersion: Hashable, Sendable, Comparable {
    let major: Int
    let minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads a release as uname(2) gives it; nil when it does not begin with two numbers.
    init?(release: String) {
        let parts = release.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix { $0.isNumber }) else {
            return nil
        }
        self.init(major, minor)
    }

    /// bpf_set_retval(), by which a connect is refused with a reason, is of this version.
    static let needed = KernelVersion(5, 18)
    /// From here on the memory of maps is accounted to cgroups, and RLIMIT_MEMLOCK does not matter.
    static let accountsMemoryToCgroups = KernelVersion(5, 11)

    static func < (a: KernelVersion, b: KernelVersion) -> Bool { (a.major, a.minor) < (b.major, b.minor) }
}

extension KernelVersion: CustomStringConvertible {
    var description: String { "\(major).\(minor)" }
}
