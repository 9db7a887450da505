/// The files and directories that a mesh is read from, and which files belong to them.
struct FollowedPlaces: Sendable {
    /// As given, files of their own.
    private(set) var files: [String] = []
    /// As given.
    private(set) var directories: [String] = []

    /// Looks at each path.
    /// - Throws: when nothing is there, and for what cannot be followed: standard input, dumps of maps.
    init(_ paths: [String]) throws(InputError) {
        for path in paths {
            guard path != "-" else {
                throw InputError(path, nil, "standard input cannot be followed; name files or directories")
            }
            guard case .directory = try FileSystem.kind(of: path) else {
                if !files.contains(path) { files.append(path) }
                continue
            }
            guard !MapDump.isDirectory(of: try FileSystem.names(inDirectory: path)) else {
                throw InputError(
                    path, nil, "holds dumps of maps, which can be replayed but not followed; give what maps are made of"
                )
            }
            if !directories.contains(path) { directories.append(path) }
        }
    }

    /// Whether a path is one of the files, or would be read in one of the directories.
    func contains(_ path: String) -> Bool {
        if files.contains(path) { return true }
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return false }
        guard MeshSource.isRead(name: path[path.utf8.index(after: slash)...]) else { return false }
        let directory = path[..<slash]
        return directories.contains { $0 == directory || $0.hasSuffix("/") && $0.dropLast() == directory }
    }

    /// Visits all files that are there now, by place, sorted by name within a directory. Explicit files may be missing.
    /// - Throws: when a directory cannot be read, and what `visit` throws.
    func forEachFile(_ visit: (String) throws(InputError) -> Void) throws(InputError) {
        for file in files { try visit(file) }
        for directory in directories {
            for name in try FileSystem.names(inDirectory: directory) where MeshSource.isRead(name: name) {
                let file = FileSystem.join(directory, name)
                // One that went meanwhile is no file any more.
                if case .file? = try? FileSystem.kind(of: file), !files.contains(file) { try visit(file) }
            }
        }
    }
}
