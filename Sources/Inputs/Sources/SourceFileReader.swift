import Model

/// Reads one file of a source: finds out what it is from its first piece, and holds the rest to that.
struct SourceFileReader {
    /// Its path.
    let file: String
    /// What this file and those before it gave.
    private(set) var seen: SeenResources
    private var kind: InputKind?
    /// Whether elements of the document at hand were handed out already.
    private var isInside = false

    /// Begins a file; `seen` is what the files before it gave.
    init(file: String, seen: SeenResources = SeenResources()) {
        self.file = file
        self.seen = seen
    }

    /// The kind of a file, from its first piece.
    static func kind(ofFile file: String) throws(InputError) -> InputKind {
        var documents = try DocumentReader(path: file, streaming: InputKind.streamedKeys)
        let reader = SourceFileReader(file: file)
        while let piece = try documents.next() {
            switch piece {
            case .element(let node, let key): return try reader.recognize(element: node, of: key)
            case .document(let node): return try reader.recognize(document: node)
            }
        }
        throw reader.empty
    }

    private var empty: InputError {
        InputError(file, nil, "is empty; \(InputKind.understood)")
    }

    /// Reads the file to its end.
    mutating func read(
        progress: ProgressMeter.Listener, _ visit: (MeshSource.Piece) throws(InputError) -> Void
    ) throws(InputError) {
        var documents = try DocumentReader(path: file, streaming: InputKind.streamedKeys)
        var meter = ProgressMeter(file: file, byteCount: try FileSystem.kind(of: file).byteCount, progress)
        while let piece = try documents.next() {
            switch piece {
            case .element(let node, let key): try take(element: node, of: key, visit)
            case .document(let node): try take(document: node, visit)
            }
            meter.advance(to: documents.offset, progress)
        }
        guard kind != nil else { throw empty }
        meter.finish(progress)
    }

    private mutating func take(
        element node: DocumentNode, of key: String, _ visit: (MeshSource.Piece) throws(InputError) -> Void
    ) throws(InputError) {
        if !isInside { try settle(on: recognize(element: node, of: key), at: node.position) }
        isInside = true
        try deliver(node, of: key, visit)
    }

    private mutating func take(
        document node: DocumentNode, _ visit: (MeshSource.Piece) throws(InputError) -> Void
    ) throws(InputError) {
        if !isInside { try settle(on: recognize(document: node), at: node.position) }
        defer { isInside = false }
        switch kind {
        case .ztunnel?:
            for (element, list) in try ZtunnelConfig.remainder(of: node, file: file) {
                try deliver(element, of: list.rawValue, visit)
            }
        case .kmesh?:
            for (element, list) in try KmeshConfigDump.remainder(of: node, file: file) {
                try deliver(element, of: list.rawValue, visit)
            }
        case .workloadAPI?:
            // The elements of a list have been handed out already.
            if node.elements == nil { try deliver(node, of: "", visit) }
        default:
            // A list of objects has been handed out already, item by item, unless it has an anchor.
            let isList = isInside || node.entries?.contains { $0.key == "items" } == true
            for item in node["items"]?.elements ?? [] { try deliver(item, of: "items", visit) }
            if !isList { try visit(.object(node, file: file)) }
        }
    }

    private mutating func deliver(
        _ node: DocumentNode, of key: String, _ visit: (MeshSource.Piece) throws(InputError) -> Void
    ) throws(InputError) {
        switch (kind, ResourceList(rawValue: key)) {
        case (.ztunnel?, let list?): try deliver(ZtunnelConfig.change(node, of: list, file: file), node, visit)
        case (.kmesh?, let list?): try deliver(KmeshConfigDump.change(node, of: list, file: file), node, visit)
        case (.workloadAPI?, _): try deliver(WorkloadAPIResource.change(node, file: file), node, visit)
        case (.kubernetes?, _):
            guard InputKind.recognize(element: node, of: key) == .kubernetes else {
                throw InputError(
                    file, node.position, "an item has no apiVersion and kind; list with kubectl get -o yaml")
            }
            try visit(.object(node, file: file))
        default: throw unknown(at: node.position)
        }
    }

    private mutating func deliver(
        _ change: MeshChange, _ node: DocumentNode, _ visit: (MeshSource.Piece) throws(InputError) -> Void
    ) throws(InputError) {
        try seen.insert(change, file: file, position: node.position)
        try visit(.change(change, file: file, position: node.position))
    }
}

/// What the file is.
extension SourceFileReader {
    private func recognize(element node: DocumentNode, of key: String) throws(InputError) -> InputKind {
        if let kind = InputKind.recognize(element: node, of: key) { return kind }
        switch key {
        case "workloads":
            throw InputError(
                file, node.position,
                "a workload has neither workloadIps (ztunnel) nor addresses (a Kmesh dump); \(InputKind.understood)")
        case "services": throw InputError(file, node.position, "a service has no hostname; \(InputKind.understood)")
        case "policies": throw InputError(file, node.position, "a policy has no scope; \(InputKind.understood)")
        case "items":
            throw InputError(file, node.position, "an item has no apiVersion and kind; \(InputKind.understood)")
        default: throw unknown(at: node.position)
        }
    }

    private func recognize(document node: DocumentNode) throws(InputError) -> InputKind {
        guard let kind = InputKind.recognize(document: node) else { throw unknown(at: node.position) }
        return kind
    }

    private func unknown(at position: Position) -> InputError {
        InputError(file, position, "this is nothing that a mesh can be read from; \(InputKind.understood)")
    }

    /// Takes note of what a document is; a file holds one kind of them.
    private mutating func settle(on newKind: InputKind, at position: Position) throws(InputError) {
        guard newKind != .mapDump else {
            let files = DumpedMap.required.map(\.fileName).joined(separator: ", ")
            throw InputError(
                file, position,
                "this is a bpftool map dump; name each map's dump for it, and give the directory (\(files), ...)")
        }
        guard let kind else {
            kind = newKind
            return
        }
        guard kind == newKind else {
            throw InputError(
                file, position, "this document is a \(newKind.title), but the file began as a \(kind.title)")
        }
    }
}
