import Inputs
import Model

extension StepReader {
    /// Reads `rotateKey`.
    func keyRotation(_ node: DocumentNode) throws(InputError) -> KeyRotation {
        var section = try Section<RotateKeyKey>(node, file: file, what: "rotateKey")
        let key = try EncryptionSetupReader(file: file).key(section.required(.key), "key")
        let nodes = try section.names(.nodes)
        let waits = try section.boolean(.wait)
        try section.finish()
        return KeyRotation(nodes: nodes, key: key, reaction: Self.reaction(waits))
    }

    /// Reads `holdUpdates` and `loseUpdate`: `all`, or from whom to whom.
    func updatePath(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> UpdatePath {
        if try isAll(node, scalar) { return UpdatePath(sources: [], targets: []) }
        var section = try Section<UpdatePathKey>(node, file: file, what: scalar.key)
        let path = UpdatePath(sources: try section.names(.of), targets: try section.names(.at))
        try section.finish()
        guard !section.keys.isEmpty else { throw section.place.error("\"of\" or \"at\" is missing here") }
        return path
    }

    /// Reads `deliverUpdates`.
    func updateDelivery(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> UpdateDelivery {
        if try isAll(node, scalar) {
            return UpdateDelivery(path: UpdatePath(sources: [], targets: []), reaction: .atOnce)
        }
        var section = try Section<DeliverUpdatesKey>(node, file: file, what: scalar.key)
        let path = UpdatePath(sources: try section.names(.of), targets: try section.names(.at))
        let waits = try section.boolean(.wait)
        try section.finish()
        guard !section.keys.isEmpty else { throw section.place.error("\"of\" or \"at\" is missing here") }
        return UpdateDelivery(path: path, reaction: Self.reaction(waits))
    }

    /// Reads `restartAgent`: names, or a mapping.
    func agentRestart(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> AgentRestart {
        guard case .mapping = node.value else {
            return AgentRestart(nodes: try scalar.names(node), reaction: .atOnce)
        }
        var section = try Section<RestartAgentKey>(node, file: file, what: scalar.key)
        let nodes = try section.scalar(.nodes).names(section.required(.nodes))
        let waits = try section.boolean(.wait)
        try section.finish()
        return AgentRestart(nodes: nodes, reaction: Self.reaction(waits))
    }

    /// Reads `restartNode`: a name, or a mapping.
    func nodeRestart(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> NodeRestart {
        guard case .mapping = node.value else {
            return NodeRestart(node: try scalar.name(node), bootID: nil, reaction: .atOnce)
        }
        var section = try Section<RestartNodeKey>(node, file: file, what: scalar.key)
        let name = try section.requiredName(.node)
        let bootID = try section.name(.bootID)?.value
        let waits = try section.boolean(.wait)
        try section.finish()
        return NodeRestart(node: name, bootID: bootID, reaction: Self.reaction(waits))
    }

    /// Reads `removeNode`: a name, or a mapping.
    func nodeRemoval(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> NodeRemoval {
        guard case .mapping = node.value else {
            return NodeRemoval(node: try scalar.name(node), reaction: .atOnce)
        }
        var section = try Section<RemoveNodeKey>(node, file: file, what: scalar.key)
        let name = try section.requiredName(.node)
        let waits = try section.boolean(.wait)
        try section.finish()
        return NodeRemoval(node: name, reaction: Self.reaction(waits))
    }

    /// Reads `encryptionStep`: a name for one step, or a mapping.
    func agentSteps(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> AgentSteps {
        guard case .mapping = node.value else {
            return AgentSteps(node: try scalar.name(node), extent: .count(1))
        }
        var section = try Section<EncryptionStepKey>(node, file: file, what: scalar.key)
        try section.exclude(.count, .until, because: "one of them says how far it goes")
        let name = try section.requiredName(.node)
        let end: AgentSteps.End? = try section.choice(.until)
        let count = try section.integer(.count, in: 1...1_000_000)
        try section.finish()
        let extent: AgentSteps.Extent =
            switch end {
            case .publication?: .publication
            case .end?: .all
            case nil: .count(count ?? 1)
            }
        return AgentSteps(node: name, extent: extent)
    }

    private func isAll(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> Bool {
        if node.text == "all" { return true }
        guard case .mapping = node.value else {
            throw scalar.error(node, mustBe: "all, or a mapping with \"of\" (whose) and \"at\" (where)")
        }
        return false
    }

    private static func reaction(_ waits: Bool?) -> AgentReaction { waits == true ? .waits : .atOnce }
}
