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
