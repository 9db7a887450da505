import Glibc

/// Tests that load or ask for BPF programs need root. They are left out, and say so, for other users; with
/// REQUIRE_ALL_TESTS set they run all the same, and fail.
public enum PrivilegedTests {
    /// Why the tests are left out.
    public static let absence = "BPF needs root"

    /// Whether the tests are to run.
    public static let areWanted =
        // getenv(3) reads its text up to the end, which Swift provides.
        unsafe geteuid() == 0 || getenv("REQUIRE_ALL_TESTS") != nil
}
