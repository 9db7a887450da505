public import Model

/// The mesh of files and directories that change while it is used: which changes of the mesh each change of a file
/// comes to.
///
/// A step costs what its files and what hangs on their objects cost, not what the mesh costs. A file that cannot be used
/// changes nothing: what it gave before stays in force, and it is tried again with every step until it can be used.
public struct FollowedMesh: Sendable {
    /// What reading files again came to.
    public struct Step: Sendable {
        /// In the order in which control planes send them (`Mesh.changes`).
        public var changes: [MeshChange] = []
        /// Why files were refused, by path. Those that were refused before and still are, are not named again.
        public var errors: [InputError] = []
    }

    private let places: FollowedPlaces
    private var files = FollowedFiles()
    /// Files whose latest content was refused.
    private(set) public var refusedFiles: Set<String> = []
    private var resources = FollowedResources()
    private var cluster: FollowedCluster

    /// Reads everything for the first time.
    /// - Parameters:
    ///   - paths: Files, and directories in which each `*.yaml`, `*.yml` and `*.json` is read. Anything that a mesh can
    ///     be read from but dumps of maps and standard input. Later steps must spell these paths the same way.
    ///   - nodes: Nodes that the files need not describe; what they say wins.
    ///   - settings: Pods and services whose addresses no object says are left out, whatever the settings say.
    /// - Throws: for the first file that cannot be used.
    public init(
        paths: [String], nodes: [Node] = [], settings: KubernetesSettings = KubernetesSettings()
    ) throws(InputError) {
        places = try FollowedPlaces(paths)
        var settings = settings
        settings.unknownAddresses = .leftOut
        cluster = FollowedCluster(nodes: nodes, settings: settings)
        let places = places
        try places.forEachFile { (file) throws(InputError) in try load(file) }
        var delta = MeshDelta()
        cluster.join(into: &delta)
    }

    private mutating func load(_ path: String) throws(InputError) {
        let fingerprint = FileSystem.fingerprint(of: path)
        let content = try FollowedContent(file: path)
        for entry in content.entries where contains(entry.key) { throw repetition(of: entry, in: path, among: []) }
        var delta = MeshDelta()
        for change in content.resources { resources.apply(change, into: &delta) }
        for item in content.items { cluster.put(item) }
        keep(content, of: path, fingerprint)
    }

    private mutating func keep(_ content: FollowedContent, of path: String, _ fingerprint: UInt64?) {
        let entries = content.entries.map(cluster.sharingName)
        files.set(.init(path: path, fingerprint: fingerprint, entries: .init(entries)))
    }

    // MARK: Reading

    /// The mesh as it is now. Shares its resources with the followed mesh, but costs a table of all their names.
    public var mesh: Mesh {
        var mesh = cluster.mesh
        mesh.nodes.merge(resources.mesh.nodes) { own, _ in own }
        mesh.services.merge(resources.mesh.services) { own, _ in own }
        mesh.workloads.merge(resources.mesh.workloads) { own, _ in own }
        mesh.policies.merge(resources.mesh.policies) { own, _ in own }
        return mesh
    }

    /// The workloads whose labels ask for Kmesh; nil where no file has labels. Looks at all pods.
    public var enrolled: Set<WorkloadUID>? { cluster.isEmpty ? nil : cluster.enrolled }

    /// What was left out or taken differently than written, by file and position. Looks at everything.
    public var notes: [InputNote] { cluster.notes.sorted() }

    /// The directories to watch, as they were given.
    public var directories: [String] { places.directories }
    /// The files to watch beside them, as they were given.
    public var explicitFiles: [String] { places.files }

    /// Whether a file belongs to the mesh, were it there.
    public func follows(_ path: String) -> Bool { places.contains(path) }

    // MARK: Steps

    /// Reads a file again that was changed, is new or is gone. A path that is not followed changes nothing.
    /// - Throws: when the file cannot be used; then nothing changes.
    public mutating func reread(file: String) throws(InputError) -> [MeshChange] {
        let step = reread(files: [file])
        if let error = step.errors.first { throw error }
        return step.changes
    }

    /// Reads several files again, as one step: what moves from one of them to another does not go in between. Files
    /// that cannot be used keep what they gave before, and the others count.
    public mutating func reread(files paths: [String]) -> Step {
        var step = Step()
        var batch = FollowedBatch()
        for path in Set(paths).sorted() where places.contains(path) {
            refusedFiles.remove(path)
            do {
                try batch.read(path)
            } catch {
                refuse(path, &step, because: error)
            }
        }
        // Another file may have given way to what was refused. It counts only where it fits.
        let again = refusedFiles.subtracting(paths)
        for path in again.sorted() { try? batch.read(path) }
        settle(&batch, refusedBefore: again, into: &step)
        step.changes = apply(batch)
        return step
    }

    /// Looks for every change in the files and directories, as after events were lost. Files that cannot have changed
    /// since they were read are not read again.
    /// - Throws: when a directory cannot be read; then nothing changes.
    public mutating func rescan() throws(InputError) -> Step {
        var present = files.marks
        var changed: [String] = []
        try places.forEachFile { (path) throws(InputError) in
            if let number = files.number(of: path) {
                present[Int(number)] = true
                if let known = files[path]?.fingerprint, FileSystem.fingerprint(of: path) == known { return }
            }
            changed.append(path)
        }
        return reread(files: changed + files.paths(without: present))
    }

    private mutating func refuse(_ path: String, _ step: inout Step, because error: InputError) {
        refusedFiles.insert(path)
        step.errors.append(error)
    }

    /// Takes files out of the batch until what is in it and what the other files give fits together.
    private mutating func settle(_ batch: inout FollowedBatch, refusedBefore: Set<String>, into step: inout Step) {
        while let error = conflict(in: batch) {
            batch.remove(error.file)
            if refusedBefore.contains(error.file) { continue }
            refuse(error.file, &step, because: error)
        }
        for path in batch.paths { refusedFiles.remove(path) }
    }

    /// The first thing in a batch that is there twice; the later file of two is to blame.
    private func conflict(in batch: FollowedBatch) -> InputError? {
        let replaced = Set(batch.paths.flatMap { files[$0]?.entries.all.map(\.key) ?? [] })
        var given: Set<FollowedKey> = []
        for file in batch.files {
            for entry in file.content.entries {
                let isElsewhere = !replaced.contains(entry.key) && contains(entry.key)
                if isElsewhere || !given.insert(entry.key).inserted {
                    return repetition(of: entry, in: file.path, among: batch.files)
                }
            }
        }
        return nil
    }

    private func repetition(
        of entry: FollowedEntry, in path: String, among batch: [FollowedBatch.File]
    ) -> InputError {
        let inBatch = batch.lazy.filter { $0.path != path }.compactMap { file in
            file.content.entries.first { $0.key == entry.key }.map { (path: file.path, entry: $0) }
        }
        let other = inBatch.first ?? files.giver(of: entry.key)
        let place = other.map { "; first in \($0.path) on line \($0.entry.position.line)" } ?? ""
        return InputError(path, entry.position, "\(entry.key) is there twice\(place)")
    }

    private func contains(_ key: FollowedKey) -> Bool {
        switch key {
        case .workload, .service, .policy: resources.contains(key)
        case .object(let key): cluster.contains(key)
        case .ignored(let kind, let name): cluster.containsIgnored(kind: kind, name)
        }
    }

    private mutating func apply(_ batch: FollowedBatch) -> [MeshChange] {
        let given = Set(batch.files.flatMap { $0.content.entries.map(\.key) })
        let before = batch.paths.flatMap { files[$0]?.entries.all.map(\.key) ?? [] }
        let gone = before.filter { !given.contains($0) }
        var (below, above) = (MeshDelta(), MeshDelta())
        for key in gone { resources.remove(key, into: &below) }
        for file in batch.files {
            for change in file.content.resources { resources.apply(change, into: &below) }
        }
        cluster.apply(setting: batch.files.flatMap(\.content.items), removing: gone, into: &above)
        for file in batch.files {
            if file.isMissing {
                files.remove(file.path)
            } else {
                keep(file.content, of: file.path, file.fingerprint)
            }
        }
        return changes(above, over: below)
    }

    private func changes(_ above: MeshDelta, over below: MeshDelta) -> [MeshChange] {
        let (upper, lower) = (cluster, resources.mesh)
        let nodes = above.nodes.over(below.nodes, above: { upper.nodes[$0] }, below: { lower.nodes[$0] })
        let services = above.services.over(
            below.services, above: { upper.services[$0] }, below: { lower.services[$0] })
        let workloads = above.workloads.over(
            below.workloads, above: { upper.workload($0) }, below: { lower.workloads[$0] })
        let policies = above.policies.over(below.policies, above: { upper.policies[$0] }, below: { lower.policies[$0] })
        var changes: [MeshChange] = []
        changes += nodes.compactMap { $0.new.map(MeshChange.setNode) }
        changes += services.compactMap { $0.new.map(MeshChange.setService) }
        changes += workloads.compactMap { $0.new.map(MeshChange.setWorkload) }
        changes += policies.compactMap { $0.new.map(MeshChange.setPolicy) }
        changes += workloads.filter { $0.new == nil }.map { .removeWorkload($0.key) }
        changes += services.filter { $0.new == nil }.map { .removeService($0.key) }
        changes += policies.filter { $0.new == nil }.map { .removePolicy($0.key) }
        changes += nodes.filter { $0.new == nil }.map { .removeNode($0.key) }
        return changes
    }
}
