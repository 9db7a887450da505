import Glibc
@testable import Live
import TestSupport
import KernelTestSupport
import Testing

extension HostFacts {
    /// A host on which nothing is missing.
    static let sound = HostFacts(
        release: "6.1.0-28-amd64",
        capabilities: [.bpf, .networkAdministration, .systemAdministration, .processTracing],
        isInitialUserNamespace: true,
        mounts: MountTable(
            mountInfo: """
                31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw
                42 23 0:39 / /sys/fs/bpf rw,relatime - bpf bpf rw
                """),
        cgroup: .found(path: "/sys/fs/cgroup", isTop: true), pinDirectory: "/sys/fs/bpf/kmesh",
        pinDirectoryState: .absent(parent: "/sys/fs/bpf", parentIsWritable: true),
        stateDirectory: "/var/lib/kmesh-live",
        stateDirectoryState: .writable, hasTypes: true, jit: "1", unprivileged: "2", membarrierErrno: 0,
        lockedMemoryLimit: 65536,
        bpf: BPF(
            features: Dictionary(uniqueKeysWithValues: Set(Feature.needed).map { ($0, .present) }),
            attached: .success(AttachedPrograms())))
}

/// A change to a sound host, and the check that tells of it.
struct DoctorCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var name: String
    var state: Check.State
    /// A part of the detail.
    var detail: String
    var change: @Sendable (inout HostFacts) -> Void

    init(
        _ testDescription: String, _ name: String, _ state: Check.State, _ detail: String,
        _ change: @escaping @Sendable (inout HostFacts) -> Void
    ) {
        self.testDescription = testDescription
        self.name = name
        self.state = state
        self.detail = detail
        self.change = change
    }

    /// Programs that are attached already.
    static func attached(_ place: AttachedProgram.Place, _ name: String) -> @Sendable (inout HostFacts) -> Void {
        let program = AttachedProgram(place: place, id: 7, name: name)
        return { $0.bpf?.attached = .success(AttachedPrograms(programs: [program])) }
    }
}

@Test func aSoundHostHasNothingToDo() {
    for check in HostFacts.sound.checks {
        #expect(check.state == .ok, "\(check)")
        #expect(check.remedy == nil, "\(check)")
    }
}

@Test(arguments: [
    DoctorCase("old kernel", "kernel", .warning, "Linux 5.10.0") { $0.release = "5.10.0" },
    DoctorCase("no version", "kernel", .unknown, "\"Plan 9\"") { $0.release = "Plan 9" },
    DoctorCase("old kernel with a limit", "locked memory", .warning, "65536 bytes") { $0.release = "5.10.0" },
    DoctorCase("no CAP_BPF", "CAP_BPF", .missing, "makes maps") { $0.capabilities.remove(.bpf) },
    DoctorCase("no CAP_SYS_ADMIN", "CAP_SYS_ADMIN", .missing, "network namespaces") {
        $0.capabilities.remove(.systemAdministration)
    },
    DoctorCase("no CAP_SYS_PTRACE", "CAP_SYS_PTRACE", .warning, "cannot be opened") {
        $0.capabilities.remove(.processTracing)
    },
    DoctorCase("rootless", "user namespace", .missing, "count for nothing") { $0.isInitialUserNamespace = false },
    DoctorCase("no cgroup v2", "cgroup", .missing, "not mounted") { $0.cgroup = .notMounted },
    DoctorCase("another path", "cgroup", .missing, "/x is not") { $0.cgroup = .notOne(path: "/x") },
    DoctorCase("a container's own cgroup", "cgroup", .warning, "not the top") {
        $0.cgroup = .found(path: "/sys/fs/cgroup", isTop: false)
    },
    DoctorCase("no BPF file system", "BPF file system", .missing, "/sys/fs/bpf/kmesh is not on one") {
        $0.mounts = MountTable(mountInfo: "27 1 254:0 / / rw - ext4 /dev/vda rw")
    },
    DoctorCase("read-only BPF file system", "BPF file system", .missing, "/sys/fs/bpf is read only") {
        $0.mounts = MountTable(mountInfo: "42 23 0:39 / /sys/fs/bpf ro - bpf bpf rw")
    },
    DoctorCase("another user's pins", "BPF file system", .missing, "not writable") {
        $0.pinDirectoryState = .notWritable
    },
    DoctorCase("no way to keep state", "state directory", .missing, "cannot be made in /var") {
        $0.stateDirectoryState = .absent(parent: "/var", parentIsWritable: false)
    },
    DoctorCase("state for everybody", "state directory", .missing, "others may write") {
        $0.stateDirectoryState = .writableByOthers
    },
    DoctorCase("no directory above", "state directory", .missing, "there is no /srv/x") {
        $0.stateDirectoryState = .parentAbsent("/srv/x")
    },
    DoctorCase("a file", "state directory", .missing, "not a directory") { $0.stateDirectoryState = .notADirectory },
    DoctorCase("a program type", "program types", .missing, "no sk_msg") {
        $0.bpf?.features[.program(.socketMessage)] = .absent
    },
    DoctorCase("two map types", "map types", .missing, "no ringbuf, sk_storage") {
        $0.bpf?.features[.map(.ringBuffer)] = .absent
        $0.bpf?.features[.map(.socketStorage)] = .absent
    },
    DoctorCase("a helper", "helpers of cgroup_sock_addr", .missing, "no bpf_set_retval") {
        $0.bpf?.features[.helper(.setReturnValue, .socketAddress)] = .absent
    },
    DoctorCase("a question refused", "helpers of sk_msg", .unknown, "Operation not permitted") {
        $0.bpf?.features[.helper(.pushData, .socketMessage)] = .untold(EPERM)
    },
    DoctorCase("no privilege to ask", "program types", .unknown, "cannot be told") { $0.bpf = nil },
    DoctorCase("no privilege to ask who is there", "attached programs", .unknown, "cannot be told") { $0.bpf = nil },
    DoctorCase("membarrier", "membarrier", .missing, "Invalid argument") { $0.membarrierErrno = EINVAL },
    DoctorCase("no JIT", "JIT", .warning, "interpreted") { $0.jit = "0" },
    DoctorCase("another network namespace", "JIT", .ok, "not to be told") { $0.jit = nil },
    DoctorCase("everybody may", "unprivileged BPF", .warning, "any user") { $0.unprivileged = "0" },
    DoctorCase("no BTF", "kernel BTF", .warning, "no /sys") { $0.hasTypes = false },
    DoctorCase(
        "upstream Kmesh", "attached programs", .warning, "cgroup_inet4_connect: cgroup_connect4 (7)",
        DoctorCase.attached(.connect4, "cgroup_connect4")),
    DoctorCase(
        "systemd's firewall", "attached programs", .ok, "cgroup_inet_egress: sd_fw_egress (7)",
        DoctorCase.attached(.egress, "sd_fw_egress")),
    DoctorCase(
        "our own", "attached programs", .ok, "km_connect4 (7)", DoctorCase.attached(.connect4, "km_connect4")),
    DoctorCase("an exclusive program", "attached programs", .missing, "cgroup_inet6_connect for itself") {
        $0.bpf?.attached = .success(AttachedPrograms(closedPlaces: [.connect6]))
    },
])
func whatIsWrongIsTold(_ c: DoctorCase) throws {
    var facts = HostFacts.sound
    c.change(&facts)
    let check = try #require(facts.checks.first { $0.name == c.name })
    #expect(check.state == c.state)
    #expect(check.detail.contains(c.detail), "\(check.detail)")
    #expect((check.remedy == nil) == (check.state == .ok || c.name == "kernel" && check.state == .unknown))
}

@Test(arguments: [
    ("0: (85) call bpf_x#90\nunknown func bpf_x#90\n", Feature.Answer.absent),
    ("invalid func unknown#9999\n", .absent),
    ("0: (85) call bpf_x#90\nprogram of this type cannot use helper bpf_x#90\n", .absent),
    ("0: (85) call bpf_x#90\nR2 !read_ok\n", .present), ("", .untold(EPERM)),
])
func theVerifierTellsWhetherAHelperIsThere(log: String, answer: Feature.Answer) {
    #expect(Feature.answer(forLog: log, errno: EPERM) == answer)
}

@Test(arguments: [
    ("         0          0 4294967295", true), ("         0     100000      65536", false), (nil, true),
])
func theFirstUserNamespaceMapsEverything(map: String?, isInitial: Bool) {
    #expect(HostFacts.isInitial(userMap: map) == isInitial)
}

@Test func directoriesAreLookedAt() throws {
    let scratch = try ScratchDirectory()
    try scratch.write("", to: "file")
    let file = scratch.path(of: "file")
    #expect(HostFacts.state(ofDirectory: file) == .notADirectory)
    #expect(HostFacts.state(ofDirectory: "\(file)/a") == .notADirectory)
    #expect(HostFacts.state(ofDirectory: "\(scratch.path)/a/b") == .parentAbsent("\(scratch.path)/a"))
    #expect(
        HostFacts.state(ofDirectory: "\(scratch.path)/a") == .absent(parent: scratch.path, parentIsWritable: true))
    for (mode, state) in [(0o700, HostFacts.DirectoryState.writable), (0o770, .writableByOthers)] {
        // chmod(2) reads the path up to its end, which Swift provides.
        #expect(unsafe chmod(scratch.path, mode_t(mode)) == 0)
        #expect(HostFacts.state(ofDirectory: scratch.path) == state)
    }
}

@Test(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
func theKernelTellsHelpersApart() {
    for feature in Feature.needed { #expect(feature.probe() == .present, "\(feature)") }
    #expect(Feature.helper(.pushData, .socketAddress).probe() == .absent)
    #expect(Feature.helper(.sockHashUpdate, .socketBuffer).probe() == .absent)
}
