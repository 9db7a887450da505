import Model

/// Where a mesh comes from: a file (`-` is standard input), a directory of files, or a directory of map dumps.
///
/// In a directory every `*.yaml`, `*.yml` and `*.json` is read, sorted by name; directories in it and hidden files are
/// not. What a file is decides its content. Large files are read piece by piece.
public struct MeshSource: Hashable, Sendable {
    /// One thing read from a source, in the source's order.
    public enum Piece: Sendable {
        /// A Kubernetes object; lists come apart into their items.
        case object(DocumentNode, file: String)
        /// A resource of a ztunnel configuration or a Kmesh dump, and where it stands.
        case change(MeshChange, file: String, position: Position)
        /// A directory of map dumps, as a whole.
        case maps(MapDump)
    }

    /// What there is to read.
    enum Content: Hashable, Sendable {
        case files([String])
        case maps(directory: String)
    }

    /// As given by the user.
    public let path: String
    /// What the path was found to be.
    let content: Content

    /// The files that will be read; of map dumps the directory.
    public var files: [String] {
        switch content {
        case .files(let files): files
        case .maps(let directory): [directory]
        }
    }

    /// Whether this is a directory of map dumps.
    public var holdsMaps: Bool {
        if case .maps = content { return true }
        return false
    }

    /// Looks at the path, and at the names in it if it is a directory.
    public init(path: String) throws(InputError) {
        self.path = path
        guard case .directory = try FileSystem.kind(of: path) else {
            content = .files([path])
            return
        }
        let names = try FileSystem.names(inDirectory: path)
        guard !MapDump.isDirectory(of: names) else {
            content = .maps(directory: path)
            return
        }
        let files = try Self.files(named: names, in: path)
        guard !files.isEmpty else {
            throw InputError(path, nil, "holds no .yaml, .yml or .json file; \(InputKind.understood)")
        }
        content = .files(files)
    }

    /// Whether a file of that name in a directory is read.
    static func isRead(name: some StringProtocol) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    /// The paths of the files in a directory that are read, of all its names.
    static func files(named names: [String], in directory: String) throws(InputError) -> [String] {
        var files: [String] = []
        for name in names where isRead(name: name) {
            let file = FileSystem.join(directory, name)
            if case .file = try FileSystem.kind(of: file) { files.append(file) }
        }
        return files
    }

    /// Reads everything and hands it out piece by piece.
    ///
    /// A resource of a ztunnel configuration or a Kmesh dump that is there twice, also in two files, is refused.
    /// - Parameters:
    ///   - progress: Gets each file, and how much of it is read: 0 to 1, nil where its size is unknown.
    ///   - visit: Takes a piece; what it throws ends the reading.
    public func read(
        progress: (_ file: String, _ fraction: Double?) -> Void = { _, _ in },
        _ visit: (Piece) throws(InputError) -> Void
    ) throws(InputError) {
        switch content {
        case .maps(let directory):
            try visit(.maps(MapDump(directory: directory, progress: progress)))
        case .files(let files):
            var seen = SeenResources()
            for file in files {
                var reader = SourceFileReader(file: file, seen: seen)
                try reader.read(progress: progress, visit)
                seen = reader.seen
            }
        }
    }

    /// The kind of the source: of the first of its files. Reads the beginning of it only, and cannot be used on
    /// standard input, which could not be read again.
    public func kind() throws(InputError) -> InputKind {
        guard case .files(let files) = content, let file = files.first else { return .mapDump }
        return try SourceFileReader.kind(ofFile: file)
    }
}
