import Inputs

/// What is mounted where, as `/proc/self/mountinfo` tells. Source: proc_pid_mountinfo(5).
struct MountTable: Hashable, Sendable {
    struct Mount: Hashable, Sendable {
        /// Without escapes.
        var point: String
        /// Such as `cgroup2` or `bpf`.
        var type: String
        /// Whether it was mounted to be read only.
        var isReadOnly: Bool
    }

    /// In the order of mounting: a later one hides an earlier one at the same point.
    let mounts: [Mount]

    /// Reads the text of the file; lines that are not as documented are passed over.
    init(mountInfo text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // Before the dash there are six fields and any number of optional ones, after it the type.
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, dash + 1 < fields.count else { return nil }
            let options = fields[5].split(separator: ",") + fields.dropFirst(dash + 3).joined().split(separator: ",")
            return Mount(
                point: unescaped(fields[4]), type: String(fields[dash + 1]), isReadOnly: options.contains("ro"))
        }
    }

    /// The mount that a path lies on.
    func mount(holding path: String) -> Mount? {
        var best: Mount?
        for mount in mounts where isWithin(path, mount.point) {
            if mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
        }
        return best
    }

    /// The mounts that this process sees; nil without /proc.
    static func own() -> MountTable? {
        (try? TextFile.contents(ofPath: "/proc/self/mountinfo")).map { MountTable(mountInfo: $0) }
    }

    /// Where cgroup v2 is mounted: at one of the usual points (the second is that of a hybrid layout) if it is there,
    /// else at the first point.
    var cgroup2: String? {
        let points = mounts.filter { $0.type == "cgroup2" && mount(holding: $0.point) == $0 }.map(\.point)
        return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { points.contains($0) } ?? points.first
    }
}

/// Whether `path` is `directory` or lies below it.
private func isWithin(_ path: String, _ directory: String) -> Bool {
    directory == "/" || path == directory || path.hasPrefix(directory + "/")
}

/// Undoes the octal escapes of space, tab, newline and backslash.
private func unescaped(_ text: Substring) -> String {
    guard text.contains("\\") else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        let digits = rest.prefix(3)
        if byte == UInt8(ascii: "\\"), digits.count == 3, let escaped = UInt8(String(Substring(digits)), radix: 8) {
            bytes.append(escaped)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
