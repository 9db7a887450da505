import Model

/// What a Kmesh daemon publishes of its node: a KmeshNodeInfo, named as the node is.
/// Source: Kmesh's CRD kmeshnodeinfos.kmesh.net, v1alpha1.
struct KubernetesNodeInfo: Hashable, Sendable {
    var name: KubernetesName
    var encryption: NodeEncryption

    /// Reads a KmeshNodeInfo.
    init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "a KmeshNodeInfo")
        name = object.objectName
        var metadata = try fields.mapping("metadata")
        let annotations = try metadata?.texts("annotations") { $0 == NodeEncryption.extendedSequenceAnnotation } ?? [:]
        guard var spec = try fields.mapping("spec") else {
            throw InputError(object.file, object.document.position, "\"spec\" is missing here")
        }
        _ = try spec.required("spi")
        let spi = try spec.integer("spi", in: 1...Int(UInt32.max)) ?? 1
        let bootNode = try spec.required("bootID")
        let bootID = try spec.requiredString("bootID")
        guard bootID.utf8.count >= AEADKey.bootIDByteCount else {
            throw InputError(
                object.file, bootNode.position,
                "\"bootID\" must have \(AEADKey.bootIDByteCount) characters, as /proc/sys/kernel/random/boot_id has, not "
                    + "\(bootID.utf8.count)")
        }
        var prefixes: [Prefix] = []
        // The Go type's name has another case than its JSON form.
        for key in ["podCIDRs", "podCIDRS"] {
            for node in spec.list(key) {
                guard let prefix = node.text.flatMap({ Prefix($0) }) else {
                    throw InputError(
                        object.file, node.position,
                        "\"\(key)\" must hold address prefixes such as 10.244.0.0/24, not \(node.kindName)")
                }
                prefixes.append(prefix)
            }
        }
        encryption = NodeEncryption(
            spi: SPI(rawValue: UInt32(spi)), addresses: try spec.addresses("addresses"), bootID: bootID,
            podPrefixes: prefixes,
            hasExtendedSequence: annotations[NodeEncryption.extendedSequenceAnnotation] == "true")
    }
}
