import Model

/// What a file gives, by which it is known whose file it is: no two files may give the same.
enum FollowedKey: Hashable, Sendable {
    case workload(WorkloadUID)
    case service(ServiceName)
    /// By `Policy.resourceName`.
    case policy(String)
    case object(ObjectKey)
    /// An object of a kind that the mesh does not know.
    indirect case ignored(kind: String, KubernetesName)
}

extension FollowedKey: CustomStringConvertible {
    /// Kind and name, for messages.
    var description: String {
        switch self {
        case .workload(let uid): "workload \(uid)"
        case .service(let name): "service \(name)"
        case .policy(let name): "policy \(name)"
        case .object(let key): "\(key.kind.rawValue) \(key.name)"
        case .ignored(let kind, let name): "\(kind) \(name)"
        }
    }
}

/// One thing that a file gives, and where it stands there.
struct FollowedEntry: Sendable {
    var key: FollowedKey
    private var line: UInt32
    private var column: UInt32

    init(_ key: FollowedKey, at position: Position) {
        self.key = key
        line = UInt32(clamping: position.line)
        column = UInt32(clamping: position.column)
    }

    var position: Position { Position(line: Int(line), column: Int(column)) }
}

/// A file that was read and found good in itself. Whether it fits the other files is decided later.
struct FollowedContent: Sendable {
    /// What it gives, in its order.
    var entries: [FollowedEntry] = []
    /// The resources of ztunnel configurations and Kmesh dumps among it.
    var resources: [MeshChange] = []
    /// The Kubernetes objects among it.
    var items: [KubernetesItem] = []

    /// What a file gives that is not there.
    init() {}

    /// Reads a file.
    /// - Throws: also when something is in it twice.
    init(file: String) throws(InputError) {
        var reader = SourceFileReader(file: file)
        var content = FollowedContent()
        try reader.read(progress: { _, _ in }) { (piece) throws(InputError) in
            switch piece {
            case .object(let document, _):
                for object in try KubernetesObject.objects(in: document, file: file) { try content.add(object) }
            case .change(let change, _, let position): content.add(change, at: position)
            case .maps: preconditionFailure("a file is no directory of map dumps")
            }
        }
        self = content
        try refuseRepetition(in: file)
    }

    private mutating func add(_ object: KubernetesObject) throws(InputError) {
        let item = try KubernetesItem(object)
        items.append(item)
        entries.append(FollowedEntry(item.followedKey, at: object.document.position))
    }

    private mutating func add(_ change: MeshChange, at position: Position) {
        resources.append(change)
        switch change {
        case .setWorkload(let workload): entries.append(FollowedEntry(.workload(workload.uid), at: position))
        case .setService(let service): entries.append(FollowedEntry(.service(service.name), at: position))
        case .setPolicy(let policy): entries.append(FollowedEntry(.policy(policy.resourceName), at: position))
        case .setNode, .removeNode, .removeService, .removeWorkload, .removePolicy:
            preconditionFailure("files hold no \(change)")
        }
    }

    private func refuseRepetition(in file: String) throws(InputError) {
        guard entries.count > 1 else { return }
        var first: [FollowedKey: FollowedEntry] = [:]
        for entry in entries {
            guard let other = first.updateValue(entry, forKey: entry.key) else { continue }
            throw InputError(
                file, entry.position, "\(entry.key) is there twice; first on line \(other.position.line)")
        }
    }
}

extension KubernetesItem {
    /// By what its file is known.
    var followedKey: FollowedKey {
        if let key { return .object(key) }
        guard case .ignored(let kind, let name, _) = self else { preconditionFailure("an object without a key") }
        return .ignored(kind: kind, name)
    }
}
