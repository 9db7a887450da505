internal import CLinux
import Glibc
import Inputs

extension HostFacts {
    /// What statfs(2) says of cgroup v2.
    private static let cgroup2Magic = 0x6367_7270
    /// The number of the file of a hierarchy's top cgroup. Source: kernfs_create_root() in fs/kernfs/dir.c.
    private static let topCgroupNumber: UInt = 1

    /// Looks at this host. Changes nothing; takes some tens of milliseconds.
    init(_ subject: Doctor.Subject) {
        release = SystemName().release
        capabilities = .effective
        isInitialUserNamespace = Self.isInitial(userMap: Self.line(of: "/proc/self/uid_map"))
        mounts = MountTable(mountInfo: (try? TextFile.contents(ofPath: "/proc/self/mountinfo")) ?? "")
        cgroup = Self.cgroup(subject.cgroup, mounts)
        pinDirectory = subject.pinDirectory
        pinDirectoryState = Self.state(ofDirectory: subject.pinDirectory)
        stateDirectory = subject.stateDirectory
        stateDirectoryState = Self.state(ofDirectory: subject.stateDirectory)
        // access(2) reads the path up to its end, which Swift provides.
        hasTypes = unsafe access("/sys/kernel/btf/vmlinux", R_OK) == 0
        jit = Self.line(of: "/proc/sys/net/core/bpf_jit_enable")
        unprivileged = Self.line(of: "/proc/sys/kernel/unprivileged_bpf_disabled")
        membarrierErrno = km_wait_for_readers() == 0 ? 0 : errno
        lockedMemoryLimit = Self.lockedMemoryLimit()
        if Self.canAsk(capabilities, isInitialUserNamespace: isInitialUserNamespace) { bpf = BPF(asking: cgroup) }
    }

    /// Whether the map of user numbers is that of the first user namespace: all numbers, to themselves.
    static func isInitial(userMap: String?) -> Bool {
        guard let userMap else { return true }
        return userMap.split(whereSeparator: \.isWhitespace) == ["0", "0", "4294967295"]
    }

    private static func cgroup(_ wanted: String?, _ mounts: MountTable) -> Cgroup {
        guard let path = wanted ?? mounts.cgroup2 else { return .notMounted }
        var system = statfs()
        var file = stat()
        // In bounds: the kernel fills the structures that it is given.
        guard unsafe statfs(path, &system) == 0, Int(system.f_type) == cgroup2Magic, unsafe stat(path, &file) == 0,
            file.st_mode & S_IFMT == S_IFDIR
        else { return .notOne(path: path) }
        return .found(path: path, isTop: file.st_ino == topCgroupNumber)
    }

    static func state(ofDirectory path: String) -> DirectoryState {
        var file = stat()
        // In bounds: the kernel fills the structure that it is given, and reads paths up to their ends.
        if unsafe stat(path, &file) == 0 {
            guard file.st_mode & S_IFMT == S_IFDIR else { return .notADirectory }
            guard unsafe access(path, W_OK | X_OK) == 0 else { return .notWritable }
            return file.st_mode & 0o022 == 0 ? .writable : .writableByOthers
        }
        let parent = directory(of: path)
        guard unsafe stat(parent, &file) == 0 else { return .parentAbsent(parent) }
        guard file.st_mode & S_IFMT == S_IFDIR else { return .notADirectory }
        return .absent(parent: parent, parentIsWritable: unsafe access(parent, W_OK | X_OK) == 0)
    }

    /// `/a` of `/a/b`, `/` of `/a`, `.` of `a`.
    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The first line of a file, nil where it cannot be read.
    private static func line(of path: String) -> String? {
        guard let text = try? TextFile.contents(ofPath: path) else { return nil }
        return text.split(separator: "\n").first.map { String($0) }
    }

    private static func lockedMemoryLimit() -> UInt64? {
        var limit = rlimit()
        // In bounds: the kernel fills the structure that it is given.
        guard unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? nil : UInt64(limit.rlim_cur)
    }
}

extension HostFacts.BPF {
    /// Asks the kernel about each feature, and about the cgroup where there is one.
    fileprivate init(asking cgroup: HostFacts.Cgroup) {
        features = [:]
        for feature in Feature.needed { features[feature] = feature.probe() }
        guard case .found(let path, _) = cgroup else { return }
        do {
            attached = .success(try AttachedPrograms.inForce(at: path))
        } catch {
            attached = .failure(error)
        }
    }
}
