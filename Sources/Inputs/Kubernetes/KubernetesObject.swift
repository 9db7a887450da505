import Model

/// A Kubernetes object as a manifest gives it: who it is, and its document.
public struct KubernetesObject: Sendable {
    /// Empty where the manifest gives none.
    public var apiVersion: String
    public var kind: String
    /// Empty for cluster-wide objects.
    public var namespace: String
    public var name: String
    /// The whole object.
    public var document: DocumentNode
    public var file: String

    /// The namespace of objects that name none.
    public static let defaultNamespace = "default"

    /// Reads the identity of one object.
    /// - Parameters:
    ///   - defaultKind: The kind of an object that gives none, as in a list of one kind.
    ///   - defaultAPIVersion: Likewise.
    /// - Throws: when `kind` or `metadata.name` is missing.
    public init(
        _ document: DocumentNode, file: String, defaultKind: String? = nil, defaultAPIVersion: String = ""
    ) throws(InputError) {
        var fields = try Fields(document, file: file, what: "a Kubernetes object")
        guard let kind = try fields.string("kind") ?? defaultKind else {
            throw InputError(
                file, document.position, "\"kind\" is missing here; an object needs apiVersion, kind and metadata.name")
        }
        guard let metadata = fields.node("metadata") else {
            throw InputError(
                file, document.position, "\"metadata\" is missing here; give this \(kind) a metadata.name")
        }
        var metadataFields = try Fields(metadata, file: file, what: "\"metadata\"")
        guard let name = try metadataFields.string("name"), !name.isEmpty else {
            throw InputError(file, metadata.position, "\"name\" is missing here; give this \(kind) a metadata.name")
        }
        apiVersion = try fields.string("apiVersion") ?? defaultAPIVersion
        self.kind = kind
        self.name = name
        self.file = file
        self.document = document
        let isClusterWide = KubernetesKind(kind, apiVersion: apiVersion).map { !$0.isNamespaced } ?? false
        namespace = isClusterWide ? "" : try metadataFields.string("namespace") ?? Self.defaultNamespace
    }
}

extension KubernetesObject {
    /// The objects of a document: itself, or the items of a list, `kind: List` or a list of one kind like `PodList`.
    public static func objects(in document: DocumentNode, file: String) throws(InputError) -> [KubernetesObject] {
        try objects(in: document, file: file, list: nil)
    }

    /// - Parameter list: The list that the document was an item of.
    static func objects(
        in document: DocumentNode, file: String, list: ListKind?
    ) throws(InputError) -> [KubernetesObject] {
        guard let inner = ListKind(document), let items = document.itemsOfList else {
            let object = try KubernetesObject(
                document, file: file, defaultKind: list?.itemKind, defaultAPIVersion: list?.apiVersion ?? "")
            return [object]
        }
        var objects: [KubernetesObject] = []
        for item in items { objects += try Self.objects(in: item, file: file, list: inner) }
        return objects
    }

    /// The kind, if the mesh knows it.
    var knownKind: KubernetesKind? { KubernetesKind(kind, apiVersion: apiVersion) }

    /// The object's name within its kind.
    var objectName: KubernetesName { KubernetesName(namespace, name) }

    /// Where the object begins.
    var origin: ObjectOrigin { ObjectOrigin(file: file, position: document.position) }
}

/// What a list says about items that do not say it themselves.
struct ListKind {
    /// nil for `kind: List`, whose items name their own kinds.
    var itemKind: String?
    var apiVersion: String

    /// nil when the document is no list of objects.
    init?(_ document: DocumentNode) {
        guard let kind = document["kind"]?.text, kind.hasSuffix("List"), document.itemsOfList != nil else { return nil }
        itemKind = kind == "List" ? nil : String(kind.dropLast(4))
        apiVersion = document["apiVersion"]?.text ?? ""
    }
}

extension DocumentNode {
    /// The value of `items` where that is a list (or null), else nil.
    fileprivate var itemsOfList: [DocumentNode]? {
        entries?.first { $0.key == "items" }?.value.elements
    }
}
