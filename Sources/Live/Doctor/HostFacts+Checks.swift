extension HostFacts {
    /// What is made of the facts, in the order in which a reader would put things right.
    var checks: [Check] {
        [kernel] + capabilityChecks + [cgroupCheck, fileSystem, state] + featureChecks
            + [membarrier] + lockedMemory + [compiler, unprivilegedUse, types, attachedPrograms]
    }

    var canAsk: Bool { Self.canAsk(capabilities, isInitialUserNamespace: isInitialUserNamespace) }

    private var kernel: Check {
        guard let version = KernelVersion(release: release) else {
            return Check("kernel", .unknown, "\"\(release)\" is no version of Linux that is understood")
        }
        guard version >= .needed else {
            return Check(
                "kernel", .warning, "Linux \(release)",
                remedy: "use Linux \(KernelVersion.needed) or later, unless yours has what is missing below")
        }
        return Check("kernel", .ok, "Linux \(release)")
    }

    private var capabilityChecks: [Check] {
        var checks = Capabilities.needed.map { needed in
            guard capabilities.contains(needed.capability) else {
                return Check(
                    needed.name, .missing, "not in effect; it \(needed.purpose)",
                    remedy: """
                        run as root, or give it: AmbientCapabilities= of a systemd unit, \
                        securityContext.capabilities.add of a container
                        """)
            }
            return Check(needed.name, .ok, needed.purpose)
        }
        if !capabilities.contains(.processTracing) {
            checks.append(
                Check(
                    "CAP_SYS_PTRACE", .warning, "not in effect; namespaces of other users' processes cannot be opened",
                    remedy: "name them by --netns instead of --pid, or give it too"))
        }
        if !isInitialUserNamespace {
            checks.append(
                Check(
                    "user namespace", .missing, "not the host's own, so that capabilities count for nothing with BPF",
                    remedy: "run outside of user namespaces: no rootless container, hostUsers: true in a pod"))
        }
        return checks
    }

    private var cgroupCheck: Check {
        switch cgroup {
        case .notMounted:
            Check(
                "cgroup", .missing, "cgroup v2 is not mounted",
                remedy: "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified")
        case .notOne(let path):
            Check(
                "cgroup", .missing, "\(path) is not a directory of cgroup v2",
                remedy: mounts.cgroup2.map { "name a directory in \($0)" } ?? "mount cgroup v2 first")
        case .found(let path, isTop: false):
            Check(
                "cgroup", .warning, "\(path) is not the top of the hierarchy; processes outside of it get no mesh",
                remedy: "in a container, mount the host's /sys/fs/cgroup; else leave --cgroup out")
        case .found(let path, isTop: true): Check("cgroup", .ok, path)
        }
    }

    private var fileSystem: Check {
        let name = "BPF file system"
        guard let mount = mounts.mount(holding: pinDirectory), mount.type == "bpf" else {
            return Check(
                name, .missing, "\(pinDirectory) is not on one, and nothing can be pinned there",
                remedy: "mount -t bpf bpf /sys/fs/bpf; in a container, mount the host's /sys/fs/bpf")
        }
        guard !mount.isReadOnly else {
            return Check(
                name, .missing, "\(mount.point) is read only", remedy: "mount -o remount,rw \(mount.point)")
        }
        return directory(
            name, pinDirectory, pinDirectoryState, remedy: "run as the user that owns \(mount.point), mostly root")
    }

    private var state: Check {
        let name = "state directory"
        guard stateDirectoryState != .writableByOthers else {
            return Check(
                name, .missing, "others may write into \(stateDirectory)", remedy: "chmod 700 \(stateDirectory)")
        }
        return directory(
            name, stateDirectory, stateDirectoryState, remedy: "choose another one by --state-dir, or make it writable")
    }

    /// A directory that must be writable, or such that it can be made.
    private func directory(_ name: String, _ path: String, _ state: DirectoryState, remedy: String) -> Check {
        switch state {
        case .writable, .writableByOthers: Check(name, .ok, path)
        case .absent(_, parentIsWritable: true): Check(name, .ok, "\(path) can be made")
        case .absent(let parent, parentIsWritable: false):
            Check(name, .missing, "\(path) cannot be made in \(parent)", remedy: remedy)
        case .parentAbsent(let parent): Check(name, .missing, "there is no \(parent)", remedy: "mkdir -p \(parent)")
        case .notWritable: Check(name, .missing, "\(path) is not writable", remedy: remedy)
        case .notADirectory: Check(name, .missing, "\(path) is not a directory", remedy: remedy)
        }
    }

    private var membarrier: Check {
        guard membarrierErrno != 0 else { return Check("membarrier", .ok, "waits for lookups under way") }
        let error = KernelError("wait for", "lookups under way", errno: membarrierErrno)
        return Check(
            "membarrier", .missing, error.description,
            remedy: "use a kernel with CONFIG_MEMBARRIER, not booted with nohz_full; allow it where seccomp filters")
    }

    /// Matters only to kernels that do not account the memory of maps to cgroups.
    private var lockedMemory: [Check] {
        guard let lockedMemoryLimit, let version = KernelVersion(release: release),
            version < .accountsMemoryToCgroups
        else { return [] }
        return [
            Check(
                "locked memory", .warning, "limited to \(lockedMemoryLimit) bytes, and maps count on this kernel",
                remedy: "ulimit -l unlimited; LimitMEMLOCK=infinity in a systemd unit")
        ]
    }
}

// MARK: What BPF can do, and who uses it

extension HostFacts {
    private static let privilegeRemedy = "run as root, or with the capabilities above"

    fileprivate var featureChecks: [Check] {
        [
            check("program types", Feature.ProgramType.allCases.map(Feature.program)),
            check("map types", Feature.MapType.allCases.map(Feature.map)),
        ]
            + Feature.ProgramType.allCases.map { type in
                check("helpers of \(type.rawValue)", Feature.helpers(of: type).map { .helper($0, type) })
            }
    }

    /// One check for several features: the worst of the answers is its state.
    private func check(_ name: String, _ features: [Feature]) -> Check {
        guard let bpf else {
            return Check(
                name, .unknown, "cannot be told without CAP_BPF and CAP_NET_ADMIN", remedy: Self.privilegeRemedy)
        }
        func names(_ isWanted: (Feature.Answer) -> Bool) -> String {
            features.filter { isWanted(bpf.features[$0] ?? .absent) }.map(\.name).joined(separator: ", ")
        }
        let absent = names { $0 == .absent }
        guard absent.isEmpty else {
            return Check(
                name, .missing, "the kernel has no \(absent)",
                remedy: "use Linux \(KernelVersion.needed) or later with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF")
        }
        for feature in features {
            guard case .untold(let errno)? = bpf.features[feature] else { continue }
            let error = KernelError("ask for", feature.name, errno: errno)
            return Check(name, .unknown, error.description, remedy: "see whether seccomp or LSM rules forbid bpf(2)")
        }
        return Check(name, .ok, names { $0 == .present })
    }

    fileprivate var compiler: Check {
        switch jit {
        case nil: Check("JIT", .ok, "not to be told from this network namespace; on by default")
        case "0":
            Check(
                "JIT", .warning, "off: programs are interpreted, several times slower",
                remedy: "sysctl net.core.bpf_jit_enable=1")
        default: Check("JIT", .ok, "on")
        }
    }

    fileprivate var unprivilegedUse: Check {
        switch unprivileged {
        case "0":
            Check(
                "unprivileged BPF", .warning, "any user may load programs",
                remedy: "sysctl kernel.unprivileged_bpf_disabled=2, unless you need it")
        case nil: Check("unprivileged BPF", .ok, "the kernel does not tell")
        default: Check("unprivileged BPF", .ok, "off")
        }
    }

    fileprivate var types: Check {
        guard !hasTypes else { return Check("kernel BTF", .ok, "/sys/kernel/btf/vmlinux") }
        return Check(
            "kernel BTF", .warning, "no /sys/kernel/btf/vmlinux; the programs do without, other tools may not",
            remedy: "use a kernel with CONFIG_DEBUG_INFO_BTF")
    }

    fileprivate var attachedPrograms: Check {
        let name = "attached programs"
        guard let bpf else {
            return Check(
                name, .unknown, "cannot be told without CAP_BPF and CAP_NET_ADMIN", remedy: Self.privilegeRemedy)
        }
        let attached: AttachedPrograms
        switch bpf.attached {
        case nil: return Check(name, .unknown, "there is no cgroup to ask about", remedy: "see cgroup above")
        case .failure(let error):
            return Check(name, .unknown, error.description, remedy: "see whether the cgroup can be opened")
        case .success(let programs): attached = programs
        }
        guard attached.closedPlaces.isEmpty else {
            return Check(
                name, .missing,
                "a program holds \(attached.closedPlaces.map(\.rawValue).joined(separator: ", ")) for itself alone",
                remedy: "bpftool cgroup tree shows it; its owner must attach it with \"multi\", or go")
        }
        let others = attached.programs.filter { !$0.isOurs }
        guard others.contains(where: \.place.rewritesAddresses) else {
            return Check(name, .ok, attached.programs.isEmpty ? "none" : Self.list(attached.programs))
        }
        return Check(
            name, .warning, "others rewrite addresses here too: \(Self.list(others))",
            remedy: """
                two data planes on one node change each other's connections: stop upstream Kmesh, or whatever they \
                belong to
                """)
    }

    /// `cgroup_inet4_connect: name (12), name (13); …`
    private static func list(_ programs: [AttachedProgram]) -> String {
        AttachedProgram.Place.allCases.compactMap { place in
            let names = programs.filter { $0.place == place }.map { "\($0.name.isEmpty ? "?" : $0.name) (\($0.id))" }
            return names.isEmpty ? nil : "\(place.rawValue): \(names.joined(separator: ", "))"
        }.joined(separator: "; ")
    }
}
