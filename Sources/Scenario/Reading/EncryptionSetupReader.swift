import Inputs
import Model

/// Reads the section `encryption`, and key files wherever they are named.
struct EncryptionSetupReader {
    /// Names the scenario file in errors.
    let file: String

    /// Reads the section.
    func setup(_ node: DocumentNode) throws(InputError) -> EncryptionSetup {
        var section = try Section<EncryptionSetupKey>(node, file: file, what: "encryption")
        var setup = EncryptionSetup(place: section.place)
        setup.key = try section.node(.key).map { (node) throws(InputError) in try key(node, "key") }
        if let list = section.node(.nodes) { setup.nodes = try nodes(list, section.scalar(.nodes)) }
        try section.finish()
        guard setup.key == nil else { return setup }
        guard let nodes = setup.nodes else { throw section.place.error("\"key\" is missing here") }
        if let keyless = nodes.first(where: { $0.key == nil }) {
            throw keyless.name.error("node \"\(keyless.name.value)\" has no \"key\", and neither have all nodes")
        }
        return setup
    }

    /// A path, or a key for tests.
    func key(_ node: DocumentNode, _ name: String) throws(InputError) -> KeyReference {
        if node.text != nil { return .file(try Scalar(name, file: file).name(node)) }
        guard case .mapping = node.value else {
            throw Scalar(name, file: file).error(node, mustBe: "a path or a key such as {spi: 1, testKey: base64}")
        }
        // For its errors: a key that is unknown is told with the nearest that is known.
        _ = try Section<TestKeyKey>(node, file: file, what: "key")
        return .test(Located(try EncryptionKeyFile.testKey(of: node, file: file), at: Place(file, node.position)))
    }

    private func nodes(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> [EncryptionSetup.NodeSetup] {
        var nodes: [EncryptionSetup.NodeSetup] = []
        for element in try scalar.elements(node) {
            let setup = try nodeSetup(element, scalar)
            if let earlier = nodes.first(where: { $0.name.value == setup.name.value }) {
                let line = earlier.name.place.position.line
                throw setup.name.error("node \"\(setup.name.value)\" again; it is already at line \(line)")
            }
            nodes.append(setup)
        }
        return nodes
    }

    /// A name, or a mapping.
    private func nodeSetup(
        _ node: DocumentNode, _ scalar: Scalar
    ) throws(InputError) -> EncryptionSetup.NodeSetup {
        if node.text != nil { return EncryptionSetup.NodeSetup(name: try scalar.name(node)) }
        var section = try Section<EncryptionNodeKey>(node, file: file, what: "node")
        var setup = EncryptionSetup.NodeSetup(name: try section.requiredName(.name))
        setup.key = try section.node(.key).map { (node) throws(InputError) in try key(node, "key") }
        setup.bootID = try section.name(.bootID)?.value
        if let list = section.node(.addresses) {
            let scalar = section.scalar(.addresses)
            setup.addresses = []
            for element in try scalar.elements(list) { setup.addresses?.append(try scalar.address(element)) }
        }
        if let list = section.node(.podCIDRs) {
            let scalar = section.scalar(.podCIDRs)
            setup.podPrefixes = []
            for element in try scalar.elements(list) { setup.podPrefixes?.append(try scalar.prefix(element)) }
        }
        setup.hasExtendedSequence = try section.boolean(.extendedSequence)
        try section.finish()
        return setup
    }
}
