import Glibc
import Inputs
import Model

/// Nodes' infos in a directory that all nodes see: files of KmeshNodeInfo, as a rule one for each node. Each node writes
/// its own, `NODE.yaml`. Names that begin with a dot do not count.
///
/// A directory that is mounted no more, or emptied, does not say that all nodes are gone: by that all would be sent to in
/// clear. So our own file vouches for it. Where it goes together with all others, or another directory comes that does not
/// have it, what was read before stays.
struct NodeInfoDirectory: NodeInfoRegistry, ~Copyable {
    let path: String
    /// The name of our own file.
    private let ownFile: String
    /// Which directory it was when it was read last.
    private var place: Place
    private var watcher: FileWatcher
    /// What each file says, by its name.
    private var files: [String: [NodeInfoFile.Info]] = [:]
    /// What was told of each node.
    private var told: [String: NodeEncryption] = [:]
    private var badFiles: [String: InputError] = [:]
    /// Why the directory as it is does not count.
    private var absence: InputError?
    private var isFirst = true

    /// By what one directory is told from another at its path.
    private struct Place: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64

        init(_ path: String) throws(AgentError) {
            var status = stat()
            // In bounds: the call fills the one value, and reads the path that it is lent.
            guard unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 else { throw .kernel(.last("look at", path)) }
            (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        }
    }

    /// Begins to watch. The directory must be there.
    /// - Parameter node: Which one's file is our own.
    init(path: String, node: String) throws(AgentError) {
        // The path is lent for the call.
        guard unsafe access(path, R_OK | X_OK) == 0 else { throw .kernel(.last("read the directory", path)) }
        let place = try Place(path)
        watcher = try AgentError.wrapping { try FileWatcher(directories: [path]) }
        self.path = path
        self.place = place
        ownFile = "\(node).yaml"
    }

    borrowing func withRaw<Result>(_ body: (CInt) -> Result) -> Result { watcher.withRaw(body) }

    var problems: [InputError] {
        let nodes = Set(files.values.joined().map(\.node))
        return [absence].compactMap { $0 } + badFiles.sorted { $0.key < $1.key }.map(\.value) + repetitions(of: nodes)
    }

    mutating func takeChanges(isThorough: Bool) throws(AgentError) -> (changes: [NodeInfoChange], errors: [InputError])
    {
        let seen = try AgentError.kernel { () throws(KernelError) in try watcher.takeChanges() }
        let found = try Place(path)
        if found != place {
            // Something was mounted there, or put in its place, of which no event told.
            watcher = try AgentError.wrapping { try FileWatcher(directories: [path]) }
        }
        let readsAll =
            isThorough || isFirst || found != place || absence != nil || seen.needsRescan
            || seen.changes.contains { $0.kind == .listing }
        let names = readsAll ? try everyName() : seen.changes.map { WatchedPlaces.parts(of: $0.path).name }
        isFirst = false
        var errors: [InputError] = []
        var read: [(name: String, infos: [NodeInfoFile.Info])] = []
        for name in names {
            do throws(InputError) {
                read.append((name, try Self.infos(inFile: "\(path)/\(name)")))
                badFiles[name] = nil
            } catch {
                if badFiles.updateValue(error, forKey: name) != error { errors.append(error) }
            }
        }
        let earlier = absence
        absence = absence(read, isOther: found != place)
        if let absence { return ([], errors + (absence == earlier ? [] : [absence])) }
        place = found
        var touched: Set<String> = []
        for (name, infos) in read where infos != files[name] ?? [] {
            touched.formUnion((files[name] ?? []).map(\.node) + infos.map(\.node))
            files[name] = infos.isEmpty ? nil : infos
        }
        return (changes(to: touched), errors + repetitions(of: touched))
    }

    /// Why what was found is not to be believed; nil where it is.
    private func absence(_ read: [(name: String, infos: [NodeInfoFile.Info])], isOther: Bool) -> InputError? {
        guard files.count > 1, files[ownFile] != nil, badFiles[ownFile] == nil,
            read.contains(where: { $0.name == ownFile && $0.infos.isEmpty })
        else { return nil }
        let gone = Set(read.lazy.filter(\.infos.isEmpty).map(\.name))
        guard isOther || files.keys.allSatisfy({ gone.contains($0) }) else { return nil }
        return InputError(
            path, nil,
            "\(ownFile) is gone, \(isOther ? "and this is another directory" : "and all others"); what nodes said before "
                + "stays: mount the directory again, or start the agent anew if it is meant")
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
