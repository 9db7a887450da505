public import Model

/// Files of KmeshNodeInfo objects: what nodes tell each other so that they can send encrypted packets.
/// Source: Kmesh's CRD kmeshnodeinfos.kmesh.net, v1alpha1.
public struct NodeInfoFile: Hashable, Sendable {
    /// One object.
    public struct Info: Hashable, Sendable {
        /// The object's name is the node's.
        public var node: String
        public var encryption: NodeEncryption
        public var position: Position
    }

    /// In the order of the file.
    public var infos: [Info]

    /// Reads YAML or JSON: documents, or lists of objects. Objects of other kinds are left out.
    /// - Throws: for a KmeshNodeInfo that is none, with its position.
    public init(parsing text: String, file: String) throws(InputError) {
        infos = []
        var reader = KubernetesObjectReader(text: text, file: file)
        while let object = try reader.next() {
            guard object.knownKind == .nodeInfo else { continue }
            let info = try KubernetesNodeInfo(object)
            infos.append(
                Info(node: info.name.name, encryption: info.encryption, position: object.document.position))
        }
    }

    /// The namespace that Kmesh has its objects in.
    public static let namespace = "kmesh-system"

    /// A node's object as a file of YAML.
    public static func text(of node: String, _ info: NodeEncryption) -> String {
        func list(_ items: [String]) -> String { "[" + items.map(quoted).joined(separator: ", ") + "]" }
        var lines = [
            "apiVersion: kmesh.net/v1alpha1", "kind: KmeshNodeInfo", "metadata:", "  name: \(quoted(node))",
            "  namespace: \(namespace)",
        ]
        if info.hasExtendedSequence {
            lines += ["  annotations:", "    \(NodeEncryption.extendedSequenceAnnotation): \"true\""]
        }
        lines += [
            "spec:", "  spi: \(info.spi.rawValue)", "  addresses: \(list(info.addresses.map(\.description)))",
            "  bootID: \(quoted(info.bootID))", "  podCIDRS: \(list(info.podPrefixes.map(\.description)))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Text in double quotes, which YAML never takes for anything else.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
