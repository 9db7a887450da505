import Inputs

/// Reads the sources of a mesh, at the top of a scenario and in `apply`.
struct MeshSourceReader {
    /// Names the scenario file in errors.
    let file: String

    /// At least one source; a single one counts as a list of one.
    func sources(_ node: DocumentNode, key: String) throws(InputError) -> [MeshSourceReference] {
        let elements = try Scalar(key, file: file).elements(node)
        var sources: [MeshSourceReference] = []
        for element in elements { sources.append(try source(element, key: key)) }
        return sources
    }

    private func source(_ node: DocumentNode, key: String) throws(InputError) -> MeshSourceReference {
        let place = Place(file, node.position)
        if node.text != nil {
            let path = try Scalar(key, file: file).name(node)
            return MeshSourceReference(content: .path(path.value, node: nil), place: place)
        }
        guard case .mapping = node.value else {
            throw place.error("a source must be a path or a mapping with \"path\" or \"inline\", not \(node.kindName)")
        }
        var section = try Section<MeshSourceKey>(node, file: file, what: "source")
        try section.exclude(.path, .inline, because: "a source is one of them")
        let content: MeshSourceReference.Content
        if let inline = section.node(.inline) {
            try section.exclude(.inline, .node, because: "only a directory of map dumps belongs to a node")
            content = try self.inline(inline)
        } else {
            guard let path = try section.name(.path) else {
                throw place.error("a source needs \"path\" or \"inline\"")
            }
            content = .path(path.value, node: try section.name(.node))
        }
        try section.finish()
        return MeshSourceReference(content: content, place: place)
    }

    private func inline(_ node: DocumentNode) throws(InputError) -> MeshSourceReference.Content {
        if let text = node.text {
            try check(text, at: Place(file, node.position))
            return .text(text)
        }
        let objects = try Scalar("inline", file: file).elements(node)
        for object in objects {
            guard case .mapping(let entries) = object.value else {
                throw Place(file, object.position).error("an object must be a mapping, not \(object.kindName)")
            }
            guard !entries.isEmpty else { throw Place(file, object.position).error("an object is empty") }
        }
        return .objects(objects)
    }

    /// Parses a block of YAML documents, so that a slip in it is found before anything runs.
    private func check(_ text: String, at place: Place) throws(InputError) {
        var reader = DocumentReader(text: text, file: file)
        var isEmpty = true
        do {
            while try reader.next() != nil { isEmpty = false }
        } catch {
            let line = error.position.map { "line \($0.line) of this text: " } ?? ""
            throw place.error(line + error.message)
        }
        if isEmpty { throw place.error("\"inline\" holds no object") }
    }
}
