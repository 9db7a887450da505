/// Reads Kubernetes objects one by one from YAML or JSON: documents, lists of objects (as `kubectl get -o` prints them)
/// and plain sequences. Lists need not fit into memory unless their items leave out their kind and come before the
/// list's own.
public struct KubernetesObjectReader: ~Copyable {
    private var documents: DocumentReader
    /// Objects read but not handed out yet, the next one last.
    private var waiting: [KubernetesObject] = []
    /// Items without a kind, until the kind of their list is known.
    private var items: [DocumentNode] = []

    /// Reads text in memory; `file` names it in errors.
    public init(text: String, file: String) {
        documents = DocumentReader(text: text, file: file, streaming: ["items"])
    }

    /// The next object, nil at the end of the source.
    public mutating func next() throws(InputError) -> KubernetesObject? {
        while waiting.isEmpty {
            guard let piece = try documents.next() else { return nil }
            switch piece {
            case .element(let item, key: _) where item.entries != nil && item["kind"] == nil:
                items.append(item)
            case .element(let item, key: _):
                waiting = try KubernetesObject.objects(in: item, file: documents.file).reversed()
            case .document(let document):
                waiting = try objects(atEndOf: document).reversed()
            }
        }
        return waiting.removeLast()
    }

    /// The items that waited for their list's kind; the document itself where it is no list.
    private mutating func objects(atEndOf document: DocumentNode) throws(InputError) -> [KubernetesObject] {
        let list = ListKind(document)
        var objects: [KubernetesObject] = []
        for item in items {
            objects += try KubernetesObject.objects(in: item, file: documents.file, list: list)
        }
        items = []
        if document.elements == nil {
            objects += try KubernetesObject.objects(in: document, file: documents.file)
        }
        return objects
    }
}
