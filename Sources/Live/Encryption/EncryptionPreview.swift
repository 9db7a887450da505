import Crypto
import Inputs
import Model

/// What an agent would do for encryption if it started now. Nothing is changed by looking, and no key is in it.
public struct EncryptionPreview: Sendable {
    /// In order, a phrase each.
    public var steps: [String]
    /// A sentence each.
    public var problems: [String]

    init(_ configuration: AgentConfiguration, _ encryption: EncryptionConfiguration) throws(AgentError) {
        let key = try KeyFile(path: encryption.keyFile).key
        var registry = try NodeInfoDirectory(
            path: encryption.nodeInfoDirectory, node: configuration.node)
        let news = try registry.takeChanges(isThorough: true)
        let local = NodeEncryption(local: configuration, encryption, spi: key.spi, bootID: try BootID.read())
        var controller = EncryptionController(
            node: configuration.node, local: local, key: key, options: configuration.options)
        var published: NodeEncryption?
        for change in news.changes {
            guard case .set(let name, let info) = change else { continue }
            if name == configuration.node { published = info } else { controller.take(info, of: name) }
        }
        let held = try Self.held(configuration, published: published)
        let planned = controller.steps(from: held, isThorough: true, digest: { SHA512.digest(of: $0) })
        steps = planned.map(\.phrase)
        problems = news.errors.map(\.description) + controller.problems.map(\.description)
    }

    private static func held(
        _ configuration: AgentConfiguration, published: NodeEncryption?
    ) throws(AgentError) -> EncryptionHoldings {
        let ours = try EncryptionRecord.identities(inDirectory: configuration.stateDirectory) ?? ([], [])
        let pins = PinDirectory(configuration.pinDirectory)
        let maps = try AgentError.wrapping { try EncryptionKernelMaps.pinned(in: pins) }
        return try AgentError.kernel { () throws(KernelError) in
            try EncryptionListing(try XFRMSocket(), maps, ours: ours, published: published).held
        }
    }
}

extension NodeEncryption {
    /// What a node says of itself.
    init(local configuration: AgentConfiguration, _ encryption: EncryptionConfiguration, spi: SPI, bootID: String) {
        self.init(
            spi: spi, addresses: configuration.nodeAddresses, bootID: bootID, podPrefixes: encryption.podPrefixes,
            hasExtendedSequence: configuration.options.replayWindow == .checked)
    }
}

extension EncryptionStep {
    /// What it does, without keys.
    var phrase: String {
        switch self {
        case .xfrm(let change): change.phrase
        case .markPeer(let address, let mark): "mark ESP from \(address) with \(mark)"
        case .forgetPeer(let address): "mark ESP from \(address) no more"
        case .encryptTo(let prefix): "encrypt to \(prefix)"
        case .leaveClear(let prefix): "encrypt no more to \(prefix)"
        case .publish(let info): "publish SPI \(info.spi)"
        }
    }
}

extension XFRMChange {
    fileprivate var phrase: String {
        switch self {
        case .addState(let state): "add \(state.id), from \(state.source)"
        case .updateState(let state): "update \(state.id)"
        case .deleteState(let id): "delete \(id)"
        case .flushStates: "delete all our states"
        case .addPolicy(let policy), .updatePolicy(let policy):
            "set \(policy.id)\(policy.action == .block ? ", which blocks" : "")"
        case .deletePolicy(let id): "delete \(id)"
        case .flushPolicies: "delete all our policies"
        }
    }
}
