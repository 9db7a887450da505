import Foundation
import Glibc

/// A cgroup v2 of its own. With the value it goes away, and before it every process in it.
public struct TestCgroup: ~Copyable {
    /// Its directory, to attach programs to and for `SocketDriver(inCgroup:)`.
    public let directory: String

    /// - Throws: `CocoaError` when it cannot be made.
    public init() throws {
        guard let mountPoint = Self.mountPoint() else { throw CocoaError(.fileNoSuchFile) }
        let directory = "\(mountPoint)/\(uniqueName())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        self.directory = directory
    }

    deinit {
        Self.write("0", to: "\(directory)/../cgroup.procs", if: Self.holdsThisProcess(directory))
        Self.write("1", to: "\(directory)/cgroup.kill")
        // A cgroup is empty soon after the kill, when the processes have left the kernel.
        for _ in 0..<2000 {
            if Self.removeTree(directory) { return }
            usleep(1000)
        }
        print("the cgroup \(directory) cannot be removed")
    }

    /// Where cgroup v2 is mounted, alone or beside v1.
    static func mountPoint() -> String? {
        // "31 23 0:28 ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS", proc_pid_mountinfo(5)
        guard let text = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return nil }
        for line in text.split(separator: "\n") {
            let halves = line.components(separatedBy: " - ")
            let fields = halves[0].split(separator: " ")
            if halves.count == 2, halves[1].hasPrefix("cgroup2 "), fields.count > 4 { return String(fields[4]) }
        }
        return nil
    }

    /// Whether this process would be killed too.
    private static func holdsThisProcess(_ directory: String) -> Bool {
        let members = (try? String(contentsOfFile: "\(directory)/cgroup.procs", encoding: .utf8)) ?? ""
        return members.split(separator: "\n").contains { Int32($0) == getpid() }
    }

    private static func write(_ text: String, to file: String, if isWanted: Bool = true) {
        guard isWanted, let handle = FileHandle(forWritingAtPath: file) else { return }
        try? handle.write(contentsOf: Data(text.utf8))
        try? handle.close()
    }

    /// Removes the directories, inner ones first. The kernel removes their files.
    /// - Returns: Whether it is gone.
    private static func removeTree(_ directory: String) -> Bool {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            var isDirectory: ObjCBool = false
            let path = "\(directory)/\(name)"
            // The pointer is to the variable.
            let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            if exists, isDirectory.boolValue { _ = removeTree(path) }
        }
        // The path ends with a zero, which Swift provides.
        return unsafe rmdir(directory) == 0 || errno == ENOENT
    }
}
