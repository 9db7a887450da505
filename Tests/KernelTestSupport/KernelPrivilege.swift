import CLinux
import Glibc

/// What tests with the kernel need. They are left out, and say so, where it is missing; with REQUIRE_ALL_TESTS set
/// they run all the same, and fail.
public enum KernelPrivilege {
    /// Whether tests of the kernel are to run.
    public static let isAvailable =
        // getenv(3) reads its text up to the end, which Swift provides.
        unsafe missing.isEmpty || getenv("REQUIRE_ALL_TESTS") != nil

    /// Why the tests are left out.
    public static var absence: String { "not available: " + missing.joined(separator: ", ") }

    /// The capabilities and mounts that are not there.
    static let missing: [String] = {
        // Numbers of <linux/capability.h>.
        let wanted = [("CAP_NET_ADMIN", 12), ("CAP_SYS_ADMIN", 21), ("CAP_BPF", 39)]
        var capabilities: UInt64 = 0
        // The C function fills one number.
        if unsafe km_effective_capabilities(&capabilities) != 0 { capabilities = 0 }
        let absent = wanted.filter { capabilities >> UInt64($0.1) & 1 == 0 }.map { $0.0 }
        return absent + (TestCgroup.mountPoint() == nil ? ["a mount of cgroup v2"] : [])
    }()
}
