import CLinux
import Foundation
import Glibc

/// A directory for pinned maps, programs and links of its own. All of them go with the value.
public struct TestPinDirectory: ~Copyable {
    public let path: String

    /// Mounts the BPF file system if it is not there.
    public init() throws {
        let mountPoint = "/sys/fs/bpf"
        try Self.mountIfNeeded(mountPoint)
        let path = "\(mountPoint)/\(uniqueName())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        self.path = path
    }

    deinit { Self.removeTree(path) }

    private static func mountIfNeeded(_ mountPoint: String) throws {
        let bpfMagic = 0xcafe_4a11
        var status = statfs()
        // The kernel fills the one struct; the texts end with a zero, which Swift provides.
        if unsafe statfs(mountPoint, &status) == 0, status.f_type == bpfMagic { return }
        let failure = unsafe mount("bpf", mountPoint, "bpf", 0, nil)
        if failure != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM) }
    }

    private static func removeTree(_ directory: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            let path = "\(directory)/\(name)"
            // The paths end with a zero, which Swift provides.
            if unsafe unlink(path) != 0 { removeTree(path) }
        }
        if unsafe rmdir(directory) != 0 { print("the directory \(directory) cannot be removed: error \(errno)") }
    }
}
