import Captures
import CommandLineTool
import Inputs
import Model
import Scenario
import Sim

/// The mesh of a replay, ready to run, with the rules of encryption that were given.
struct ReplaySetup {
    let world: World
    let network: Network
    let preset: Preset
    /// What was left out of the sources, or does not work as it is meant.
    let notes: [String]

    /// - Throws: for sources that cannot be used.
    init(_ invocation: Invocation, preset: Preset?, seed: UInt64, on console: inout Console) throws {
        let sources = try invocation.presetOfSources()
        self.preset = preset ?? sources ?? .hardened
        var scenario = Scenario(lookingAt: try invocation.mesh(), nodes: try invocation.nodes())
        scenario.managedPods =
            switch invocation.value("managed") {
            case "labelled": .labelled
            case "none": .nobody
            default: .all
            }
        let overrides = ScenarioRunner.Overrides(preset: self.preset, seed: seed, nodes: .none)
        let runner = try console.withProgress { try ScenarioRunner(scenario, overrides, progress: $0) }
        world = runner.worldForReplay()
        var network = Network(world.mesh, options: world.options, seed: seed)
        var notes = runner.notes.map(\.description)
        do {
            notes += try Self.addKeys(invocation, world.mesh, to: &network)
            for text in invocation.values("xfrm") { notes += try Self.addRules(text, to: &network) }
            if let path = invocation.value("chance-from") { notes += try Self.giveChance(path, to: &network) }
        } catch let error as EncryptionSetupError {
            throw InputError(invocation.values("mesh").joined(separator: ", "), nil, error.description)
        }
        if network.acceptsReplays {
            notes.append(
                "some states have no replay window, so that what is sent once more is accepted; kmesh-sim decrypt tells "
                    + "such packets")
        }
        self.network = network
        self.notes = notes
    }

    /// The rules that follow from key files and what nodes publish.
    private static func addKeys(_ invocation: Invocation, _ mesh: Mesh, to network: inout Network) throws -> [String] {
        var keys: EncryptionKeys?
        for path in invocation.values("keys") {
            guard case .key(let key) = try EncryptionFile(path: path) else {
                throw InputError(path, nil, "is no key file; give what ip xfrm prints with --xfrm")
            }
            if keys == nil { keys = EncryptionKeys(key) } else { keys?.take(key) }
        }
        let hasPublished = mesh.nodes.values.contains { $0.encryption != nil }
        guard let keys else {
            return hasPublished ? ["the mesh has KmeshNodeInfo objects, and no --keys: nothing is encrypted"] : []
        }
        guard hasPublished else {
            return ["--keys was given, and no node of the mesh publishes for encryption: nothing is encrypted"]
        }
        return try network.encrypt(mesh, keys: keys)
    }

    /// What was set up on a node: `[NODE=]FILE`.
    private static func addRules(_ text: String, to network: inout Network) throws -> [String] {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let (name, path) = parts.count == 2 ? (parts[0], parts[1]) : (nil, text)
        switch try EncryptionFile(path: path) {
        case .key: throw InputError(path, nil, "is a key file; give it with --keys")
        case .listing(let listing):
            guard let name else {
                throw InputError(path, nil, "does not say whose it is; write --xfrm NODE=\(path)")
            }
            let node = try index(of: name, in: network, file: path, nil)
            return try network.apply(listing, at: node).map { "\(path): \($0)" }
                + listing.notes.map(\.description)
                + listing.foreignStates.map { "\(path): a state is left out: \($0.reason)" }
        case .commands(let commands):
            var notes: [String] = []
            for command in commands.commands {
                guard let node = command.node ?? name else {
                    throw InputError(
                        path, command.position,
                        "does not say whose it is; begin it with [NODE], or write --xfrm NODE=FILE")
                }
                let index = try index(of: node, in: network, file: path, command.position)
                let refusals = try network.apply([command.change], at: index)
                notes += refusals.map { "\(path):\(command.position.line): \($0)" }
            }
            return notes
        }
    }

    /// What a capture of the wire shows to have been drawn by chance.
    private static func giveChance(_ path: String, to network: inout Network) throws -> [String] {
        var chance = RecordedChance()
        var packets: NetworkPackets
        do {
            packets = try NetworkPackets(paths: [path])
        } catch let error as CaptureError {
            throw InputError(path, nil, error.message)
        }
        while let packet = try packets.next() {
            guard packet.layer.etherType == .ipv4 || packet.layer.etherType == .ipv6 else { continue }
            packets.withBytes(of: packet) { chance.see($0, isIPv6: packet.layer.etherType == .ipv6) }
        }
        if let fault = packets.faults.first { throw InputError(path, nil, fault.message) }
        return chance.give(to: &network)
    }

    private static func index(
        of name: String, in network: Network, file: String, _ position: Position?
    ) throws(InputError) -> Int {
        if let index = network.nodes.firstIndex(where: { $0.name == name }) { return index }
        let names = network.nodes.map(\.name)
        let hint = nearestName(to: name, in: names).map { "did you mean \($0)?" }
        throw InputError(
            file, position, "there is no node \"\(name)\"; \(hint ?? "known: " + names.joined(separator: ", "))")
    }
}

extension Network {
    /// Whether a node takes encrypted packets without looking at their numbers.
    fileprivate var acceptsReplays: Bool {
        nodes.contains { $0.xfrm.states.contains { $0.state.outputMark != nil && $0.window.size == 0 } }
    }
}
