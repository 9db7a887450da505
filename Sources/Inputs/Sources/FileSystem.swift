import Glibc

/// The few questions about files that inputs ask, without Foundation.
enum FileSystem {
    /// What a path names.
    enum Kind: Hashable, Sendable {
        case directory
        /// A file, a pipe or anything else that can be read; the size is nil where it is not known before.
        case file(byteCount: Int?)

        /// The size of a file, nil for a directory and where it is not known.
        var byteCount: Int? {
            if case .file(let byteCount) = self { return byteCount }
            return nil
        }
    }

    /// - Throws: when nothing is there, or it may not be looked at.
    static func kind(of path: String) throws(InputError) -> Kind {
        if path == "-" { return .file(byteCount: nil) }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw InputError.unreadable(path) }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFREG: return .file(byteCount: Int(status.st_size))
        default: return .file(byteCount: nil)
        }
    }

    /// Whether nothing is at the path. What may not be looked at counts as being there.
    static func isMissing(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) != 0 else { return false }
        return errno == ENOENT || errno == ENOTDIR
    }

    /// A number that changes with a file's content: of its inode, its size and the time of its last change. nil when
    /// there is no such file, and when it changed so lately that a second change might give the same number.
    static func fingerprint(of path: String) -> UInt64? {
        var (status, now) = (stat(), timespec())
        guard unsafe stat(path, &status) == 0, unsafe clock_gettime(CLOCK_REALTIME, &now) == 0,
            now.tv_sec > status.st_ctim.tv_sec + 1
        else { return nil }
        let parts = [
            UInt64(status.st_ino), UInt64(bitPattern: Int64(status.st_size)),
            UInt64(bitPattern: Int64(status.st_ctim.tv_sec)), UInt64(bitPattern: Int64(status.st_ctim.tv_nsec)),
        ]
        return parts.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ $1) &* 0x9E37_79B9_7F4A_7C15 ^ ($0 >> 29) }
    }

    /// The names in a directory, sorted by their bytes. Hidden ones (editors' leftovers among them) are left out.
    static func names(inDirectory path: String) throws(InputError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw InputError.unreadable(path) }
        defer { unsafe closedir(directory) }
        guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else {
            preconditionFailure("dirent has no name")
        }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // In bounds: readdir ends the name with a zero, and the entry lives until the next call.
            let start = unsafe UnsafeRawPointer(entry) + nameOffset
            let name = unsafe String(cString: start.assumingMemoryBound(to: CChar.self))
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// `name` in `directory`.
    static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }
}
