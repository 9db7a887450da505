@testable import Live
import Testing

/// A host's `/proc/self/mountinfo`, and where cgroup v2 is to be found.
struct MountsCase: CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var cgroup2: String?
}

private let hybrid = """
    22 27 0:21 / /proc rw,relatime - proc proc rw
    27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - cgroup2 cgroup2 rw
    42 23 0:39 / /sys/fs/bpf rw,relatime - bpf bpf rw
    """

@Test(arguments: [
    MountsCase(testDescription: "nothing", text: "", cgroup2: nil),
    MountsCase(testDescription: "hybrid", text: hybrid, cgroup2: "/sys/fs/cgroup/unified"),
    MountsCase(
        testDescription: "unified",
        text: "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate",
        cgroup2: "/sys/fs/cgroup"),
    MountsCase(
        testDescription: "a container with the host's mounted over its own",
        text: """
            900 890 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw
            901 900 0:26 /../../.. /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw
            """,
        cgroup2: "/sys/fs/cgroup"),
    MountsCase(
        testDescription: "elsewhere, with a space in it",
        text: "50 27 0:38 / /mnt/c\\040group rw - cgroup2 none rw", cgroup2: "/mnt/c group"),
    MountsCase(
        testDescription: "hidden by a later mount",
        text: """
            41 31 0:38 / /mnt/cgroup rw - cgroup2 cgroup2 rw
            43 31 0:40 / /mnt/cgroup rw - tmpfs tmpfs rw
            """,
        cgroup2: nil),
    MountsCase(
        testDescription: "lines that are not as documented",
        text: "41 31 0:38 / /sys/fs/cgroup rw cgroup2 cgroup2 rw\n- - -\n41 31 0:38 / /sys/fs/cgroup rw -", cgroup2: nil
    ),
])
func cgroup2IsFound(_ c: MountsCase) {
    #expect(MountTable(mountInfo: c.text).cgroup2 == c.cgroup2)
}

@Test func aPathLiesOnTheInnermostMount() {
    let mounts = MountTable(mountInfo: hybrid)
    #expect(mounts.mount(holding: "/sys/fs/bpf/kmesh")?.type == "bpf")
    #expect(mounts.mount(holding: "/sys/fs/bpf")?.type == "bpf")
    #expect(mounts.mount(holding: "/sys/fs/bpfoo")?.type == "ext4")
    #expect(MountTable(mountInfo: "").mount(holding: "/") == nil)
}

@Test(arguments: [
    ("42 23 0:39 / /b ro,relatime - bpf bpf rw", true), ("42 23 0:39 / /b rw - bpf bpf ro,mode=700", true),
    ("42 23 0:39 / /b rw,relatime - bpf bpf rw", false),
])
func aMountIsReadOnlyByItselfOrByItsFileSystem(line: String, isReadOnly: Bool) {
    #expect(MountTable(mountInfo: line).mounts.map(\.isReadOnly) == [isReadOnly])
}

@Test(arguments: [
    ("6.1.0-28-cloud-amd64", KernelVersion(6, 1)), ("6.18.44", KernelVersion(6, 18)),
    ("5.18-rc1", KernelVersion(5, 18)), ("6", nil), ("", nil), ("x.y", nil),
])
func aKernelVersionIsTheStartOfTheRelease(release: String, version: KernelVersion?) {
    #expect(KernelVersion(release: release) == version)
}

@Test func kernelVersionsAreOrderedByNumber() {
    #expect(KernelVersion(5, 9) < .accountsMemoryToCgroups)
    #expect(KernelVersion(6, 1) > .needed)
}
