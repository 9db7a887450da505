import Glibc
import Inputs
import Model

/// Nodes' infos in a directory that all nodes see: files of KmeshNodeInfo, as a rule one for each node. Each node writes
/// its own, `NODE.yaml`. Names that begin with a dot do not count.
struct NodeInfoDirectory: NodeInfoRegistry, ~Copyable {
    let path: String
    private var watcher: FileWatcher
    /// What each file says, by its name.
    private var files: [String: [NodeInfoFile.Info]] = [:]
    /// What was told of each node.
    private var told: [String: NodeEncryption] = [:]
    private var badFiles: [String: InputError] = [:]
    private var isFirst = true

    /// Begins to watch. The directory must be there.
    init(path: String) throws(AgentError) {
        self.path = path
        // The path is lent for the call.
        guard unsafe access(path, R_OK | X_OK) == 0 else { throw .kernel(.last("read the directory", path)) }
        watcher = try AgentError.wrapping { try FileWatcher(directories: [path]) }
    }

    borrowing func withRaw<Result>(_ body: (CInt) -> Result) -> Result { watcher.withRaw(body) }

    mutating func takeChanges(isThorough: Bool) throws(AgentError) -> (changes: [NodeInfoChange], errors: [InputError])
    {
        let seen = try AgentError.kernel { () throws(KernelError) in try watcher.takeChanges() }
        let readsAll = isThorough || isFirst || seen.needsRescan || seen.changes.contains { $0.kind == .listing }
        let names = readsAll ? try everyName() : seen.changes.map { WatchedPlaces.parts(of: $0.path).name }
        isFirst = false
        var errors: [InputError] = []
        var touched: Set<String> = []
        for name in names {
            do throws(InputError) {
                let infos = try Self.infos(inFile: "\(path)/\(name)")
                badFiles[name] = nil
                guard infos != files[name] ?? [] else { continue }
                touched.formUnion((files[name] ?? []).map(\.node) + infos.map(\.node))
                files[name] = infos.isEmpty ? nil : infos
            } catch {
                if badFiles.updateValue(error, forKey: name) != error { errors.append(error) }
            }
        }
        return (changes(to: touched), errors + repetitions(of: touched))
    }

    /// Names of files that are there or were read before.
    private func everyName() throws(AgentError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw .kernel(.last("read the directory", path)) }
        defer { unsafe closedir(directory) }
        var names = Set(files.keys).union(badFiles.keys)
        // The entry lives until the next is read, and its name ends with a zero.
        while let entry = unsafe readdir(directory) {
            let bytes = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if let name = String(validating: bytes, as: UTF8.self), !name.hasPrefix(".") { names.insert(name) }
        }
        return names.sorted()
    }

    /// What a file says; nothing where there is none.
    private static func infos(inFile path: String) throws(InputError) -> [NodeInfoFile.Info] {
        var status = stat()
        // In bounds: the call fills the one value, and reads the path that it is lent.
        guard unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 else {
            guard errno == ENOENT else { throw InputError(path, nil, KernelError.last("look at", path).reason) }
            return []
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return [] }
        return try NodeInfoFile(parsing: TextFile.contents(ofPath: path), file: path).infos
    }

    /// Of several files that tell of a node, the first by its name counts.
    private mutating func changes(to nodes: Set<String>) -> [NodeInfoChange] {
        guard !nodes.isEmpty else { return [] }
        var first: [String: NodeEncryption] = [:]
        for name in files.keys.sorted() {
            for info in files[name] ?? [] where nodes.contains(info.node) && first[info.node] == nil {
                first[info.node] = info.encryption
            }
        }
        return nodes.sorted().compactMap { node in
            let info = first[node]
            guard info != told[node] else { return nil }
            told[node] = info
            return info.map { .set(node, $0) } ?? .removed(node)
        }
    }

    private func repetitions(of nodes: Set<String>) -> [InputError] {
        guard !nodes.isEmpty else { return [] }
        var places: [String: String] = [:]
        var errors: [InputError] = []
        for name in files.keys.sorted() {
            for info in files[name] ?? [] where nodes.contains(info.node) {
                if let place = places[info.node] {
                    errors.append(
                        InputError(
                            "\(path)/\(name)", info.position,
                            "tells of node \(info.node), as \(place) does, which counts; remove one of them"))
                } else {
                    places[info.node] = "\(path)/\(name)"
                }
            }
        }
        return errors
    }

    mutating func publish(_ info: NodeEncryption, of node: String) throws(AgentError) {
        let file = "\(path)/\(node).yaml"
        let text = NodeInfoFile.text(of: node, info)
        if (try? TextFile.contents(ofPath: file)) == text { return }
        try AgentError.kernel { () throws(KernelError) in
            try ReplacedFile.write(Array(text.utf8), to: file, mode: 0o644)
        }
    }
}
