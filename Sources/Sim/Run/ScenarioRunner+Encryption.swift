import Inputs
import Model
import Scenario

extension ScenarioRunner {
    // MARK: Setting up

    /// Builds the network where steps need it, and lets agents begin.
    mutating func beginEncryption() throws(InputError) {
        let needsNetwork = scenario.steps.contains { [.flow, .inject].contains($0.step.kind) }
        guard needsNetwork || scenario.encryption != nil else { return }
        let peers = try scenario.encryption.map { (setup) throws(InputError) in try self.peers(of: setup) } ?? []
        for peer in peers { networkNodes[peer.name.value] = peer.local }
        network = Network(networkMesh, options: world.options, seed: seed)
        guard let setup = scenario.encryption else { return }
        var scene = EncryptionScene(options: world.options, seed: seed)
        for peer in peers {
            guard let node = network.nodes.firstIndex(where: { $0.name == peer.name.value }) else { continue }
            scene.add(peer.name.value, node: node, key: peer.key, local: peer.local)
        }
        encryption = scene
        _ = try settle(at: setup.place)
        knownEncryptionProblems = encryption?.problems ?? []
        initialEncryptionProblems = knownEncryptionProblems
    }

    /// A node with an agent, as the scenario and the mesh describe it.
    private struct Peer {
        var name: Located<String>
        var key: EncryptionKey
        var local: NodeEncryption
    }

    private func peers(of setup: EncryptionSetup) throws(InputError) -> [Peer] {
        let mesh = snapshot.mesh
        var setups = setup.nodes ?? []
        if setup.nodes == nil {
            let publishing = mesh.sortedNodes.filter { $0.encryption != nil }
            let chosen = publishing.isEmpty ? mesh.sortedNodes : publishing
            setups = chosen.map { EncryptionSetup.NodeSetup(name: Located($0.name, at: setup.place)) }
        }
        var peers: [Peer] = []
        for setup in setups {
            guard let node = mesh.nodes[setup.name.value] else {
                let names = mesh.sortedNodes.map(\.name)
                let hint = nearestName(to: setup.name.value, in: names).map { "; did you mean \($0)?" } ?? ""
                throw setup.name.error("there is no node named \"\(setup.name.value)\"\(hint)")
            }
            guard let key = setup.key ?? scenario.encryption?.key else { continue }
            peers.append(Peer(name: setup.name, key: try read(key), local: try local(setup, node)))
        }
        return peers
    }

    private func local(_ setup: EncryptionSetup.NodeSetup, _ node: Node) throws(InputError) -> NodeEncryption {
        let info = node.encryption
        let local = NodeEncryption(
            spi: SPI(rawValue: 0), addresses: setup.addresses ?? info?.addresses ?? node.addresses,
            bootID: setup.bootID ?? info?.bootID ?? "",
            podPrefixes: setup.podPrefixes ?? info?.podPrefixes ?? node.podPrefixes,
            hasExtendedSequence: setup.hasExtendedSequence ?? info?.hasExtendedSequence ?? false)
        func missing(_ key: String, _ what: String) -> InputError {
            setup.name.error(
                "node \"\(node.name)\" has no \(what) to encrypt with; say \"\(key)\" here, under \"nodes\" or in its "
                    + "KmeshNodeInfo")
        }
        guard !local.addresses.isEmpty else { throw missing("addresses", "address") }
        guard !local.podPrefixes.isEmpty else { throw missing("podCIDRs", "pod prefix") }
        return local
    }

    /// The key of a key file.
    func read(_ reference: KeyReference) throws(InputError) -> EncryptionKey {
        switch reference {
        case .test(let key): return key.value
        case .file(let path):
            let resolved = scenario.resolved(path: path.value)
            guard case .key(let key) = try EncryptionFile(path: resolved) else {
                throw path.error("\"\(path.value)\" is no key file")
            }
            return key
        }
    }

    /// The mesh with what the section `encryption` adds to its nodes.
    private var networkMesh: Mesh {
        var mesh = snapshot.mesh
        for (name, local) in networkNodes {
            guard var node = mesh.nodes[name] else { continue }
            if node.addresses.isEmpty { node.addresses = local.addresses }
            if node.podPrefixes.isEmpty { node.podPrefixes = local.podPrefixes }
            mesh.nodes[name] = node
        }
        return mesh
    }

    /// Brings pods and nodes of the network to the mesh; nodes keep what their kernels hold.
    mutating func refreshNetwork() {
        guard !network.nodes.isEmpty else { return }
        var next = Network(networkMesh, options: world.options, seed: seed)
        for index in next.nodes.indices {
            guard let old = network.nodes.first(where: { $0.name == next.nodes[index].name }),
                old.addresses == next.nodes[index].addresses, old.podPrefixes == next.nodes[index].podPrefixes,
                old.gateways == next.nodes[index].gateways
            else { continue }
            next.nodes[index] = old
        }
        encryption?.place { name in next.nodes.firstIndex { $0.name == name } }
        network = next
    }

    /// km_nodeinfo is one of a node's maps, which other steps may have written to.
    mutating func pullNodeInfo() {
        for index in network.nodes.indices {
            if let node = world.nodes[network.nodes[index].name] { network.nodes[index].nodeInfo = node.maps.nodeInfo }
        }
    }

    private mutating func pushNodeInfo() {
        for node in network.nodes { world.nodes[node.name]?.maps.nodeInfo = node.nodeInfo }
    }

    // MARK: Steps

    mutating func rotateKey(_ step: KeyRotation, _ result: inout StepResult) throws(InputError) {
        let names = try agents(step.nodes)
        let key = try read(step.key)
        result.title = "rotate the key of \(text(step.nodes)) to SPI \(key.spi.rawValue)"
        for name in names { encryption?.takeKey(key, at: name) }
        try react(step.reaction, names, &result)
    }

    mutating func holdUpdates(_ path: UpdatePath, _ result: inout StepResult) throws(InputError) {
        result.title = "hold the updates \(text(path))"
        let paths = try paths(path)
        encryption?.hold(paths)
    }

    mutating func loseUpdate(_ path: UpdatePath, _ result: inout StepResult) throws(InputError) {
        result.title = "lose the next update \(text(path))"
        let paths = try paths(path)
        encryption?.lose(paths)
    }

    mutating func deliverUpdates(_ step: UpdateDelivery, _ result: inout StepResult) throws(InputError) {
        result.title = "deliver the updates \(text(step.path))"
        let paths = try paths(step.path)
        encryption?.deliver(paths)
        try react(step.reaction, agents(step.path.targets), &result)
    }

    mutating func restartAgent(_ step: AgentRestart, _ result: inout StepResult) throws(InputError) {
        let names = try agents(step.nodes)
        result.title = "restart the agent of \(text(step.nodes))"
        for name in names {
            let act = try acting(at: result.place) { (scene, network) throws(EncryptionSetupError) in
                try scene.stop(name, &network)
            }
            note([act].compactMap(\.self).filter { !$0.steps.isEmpty }, &result)
            encryption?.restartAgent(name)
        }
        try react(step.reaction, names, &result)
    }

    mutating func restartNode(_ step: NodeRestart, _ result: inout StepResult) throws(InputError) {
        let names = try agents([step.node])
        result.title = "restart node \(step.node.value)"
        clearKernel(of: step.node.value)
        encryption?.boot(step.node.value, bootID: step.bootID)
        try react(step.reaction, names, &result)
    }

    mutating func removeNode(_ step: NodeRemoval, _ result: inout StepResult) throws(InputError) {
        _ = try agents([step.node])
        result.title = "remove node \(step.node.value)"
        clearKernel(of: step.node.value)
        encryption?.remove(step.node.value)
        try react(step.reaction, encryption?.names ?? [], &result)
    }

    mutating func stepAgent(_ step: AgentSteps, _ result: inout StepResult) throws(InputError) {
        let names = try agents([step.node])
        let extent =
            switch step.extent {
            case .count(1): "one step"
            case .count(let count): "\(count) steps"
            case .publication: "steps up to publication"
            case .all: "all steps"
            }
        result.title = "\(extent) of the agent of \(step.node.value)"
        for name in names {
            let act = try acting(at: result.place) { (scene, network) throws(EncryptionSetupError) in
                try scene.step(name, step.extent, &network)
            }
            note([act].compactMap(\.self), &result)
        }
        try react(.atOnce, [], &result)
    }

    /// Time passed, and agents look at what their kernels hold.
    mutating func lookAgain(_ result: inout StepResult) throws(InputError) {
        guard encryption != nil else { return }
        encryption?.lookAgain()
        try react(.atOnce, [], &result)
    }

    /// Lets agents act, and says what they did.
    private mutating func react(
        _ reaction: AgentReaction, _ names: [String], _ result: inout StepResult
    ) throws(InputError) {
        if reaction == .waits { encryption?.setWaits(true, names) }
        note(try settle(at: result.place), &result)
        let problems = encryption?.problems ?? []
        result.encryptionProblems = problems.filter { !knownEncryptionProblems.contains($0) }
        knownEncryptionProblems = problems
    }

    private mutating func settle(at place: Place) throws(InputError) -> [EncryptionScene.Act] {
        try acting(at: place) { (scene, network) throws(EncryptionSetupError) in try scene.settle(&network) } ?? []
    }

    /// - Throws: what a kernel refuses beyond what Linux tells its caller, as an error of the step.
    private mutating func acting<Result>(
        at place: Place,
        _ body: (inout EncryptionScene, inout Network) throws(EncryptionSetupError) -> Result
    ) throws(InputError) -> Result? {
        guard var scene = encryption else { return nil }
        pullNodeInfo()
        do throws(EncryptionSetupError) {
            let result = try body(&scene, &network)
            encryption = scene
            pushNodeInfo()
            return result
        } catch {
            throw place.error("\(error)")
        }
    }

    /// Nothing of what a kernel held survives a boot.
    private mutating func clearKernel(of name: String) {
        guard let index = network.nodes.firstIndex(where: { $0.name == name }) else { return }
        bootCount += 1
        network.reboot(index, seed: seed &+ bootCount)
        pushNodeInfo()
    }

    // MARK: Names

    /// The nodes of names, every node that encrypts for none.
    private func agents(_ names: [Located<String>]) throws(InputError) -> [String] {
        let known = encryption?.names ?? []
        for name in names where !known.contains(name.value) {
            let hint = nearestName(to: name.value, in: known).map { "; did you mean \($0)?" } ?? ""
            throw name.error("there is no node named \"\(name.value)\" that encrypts\(hint)")
        }
        return names.isEmpty ? known : names.map(\.value)
    }

    private func paths(_ path: UpdatePath) throws(InputError) -> [EncryptionScene.Path] {
        let (sources, targets) = (try agents(path.sources), try agents(path.targets))
        return sources.flatMap { source in
            targets.filter { $0 != source }.map { EncryptionScene.Path(source: source, target: $0) }
        }
    }

    private func text(_ names: [Located<String>]) -> String {
        names.isEmpty ? "every node" : names.map(\.value).joined(separator: ", ")
    }

    private func text(_ path: UpdatePath) -> String { "of \(text(path.sources)) at \(text(path.targets))" }
}
