import Glibc

/// Real files of Istio, ztunnel and Kmesh, which lie beside the project and are no part of it. Tests of them are left
/// out, and say so, where the files are not; with REQUIRE_ALL_TESTS set they run all the same, and fail.
public enum UpstreamSamples {
    /// The directory of the files.
    public static let directory =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/../shared/data"

    /// Why the tests are left out.
    public static let absence = "the sample files ../shared/data are not there"

    /// Whether tests of the files are to run.
    public static let areWanted =
        // access(2) and getenv(3) read their texts up to the end, which Swift provides.
        unsafe access(directory, R_OK) == 0 || getenv("REQUIRE_ALL_TESTS") != nil
}
