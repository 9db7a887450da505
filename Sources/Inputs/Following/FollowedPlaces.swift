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

    /// All files that are there now, by place, sorted by name within a directory. Explicit files may be missing.
    func present() throws(InputError) -> [String] {
        var all = files
        for directory in directories {
            let names = try FileSystem.names(inDirectory: directory)
            for file in try MeshSource.files(named: names, in: directory) where !files.contains(file) {
                all.append(file)
            }
        }
        return all
    }
}
