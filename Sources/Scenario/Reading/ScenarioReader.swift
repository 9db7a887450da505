import Inputs
import Model

/// Reads the top level of a scenario file.
struct ScenarioReader {
    /// Names the scenario file in errors.
    let file: String

    /// Reads the whole file from its one document.
    func scenario(from node: DocumentNode) throws(InputError) -> Scenario {
        var section = try Section<ScenarioKey>(node, file: file, what: "scenario")
        let sourceReader = MeshSourceReader(file: file)
        let name = try section.requiredName(.name).value
        var scenario = Scenario(
            file: file, name: name, description: try section.string(.description) ?? "", seed: try seed(&section),
            preset: try section.choice(.preset) ?? .hardened, options: try options(&section),
            node: try section.name(.node), nodes: try nodes(&section), mesh: [],
            managedPods: try managedPods(&section), dnsProxy: try dnsProxy(&section),
            isMonitoring: try section.boolean(.monitoring) ?? true,
            hasPeriodicReports: try section.boolean(.periodicReports) ?? false,
            encryption: nil, steps: [])
        if scenario.hasPeriodicReports && !scenario.isMonitoring {
            throw section.place(of: .periodicReports).error("periodic reports need monitoring, which is off here")
        }
        if let mesh = section.node(.mesh) { scenario.mesh = try sourceReader.sources(mesh, key: "mesh") }
        if let node = section.node(.encryption) {
            scenario.encryption = try EncryptionSetupReader(file: file).setup(node)
        }
        scenario.steps = try steps(section.required(.steps), hasEncryption: scenario.encryption != nil)
        try section.finish()
        return scenario
    }

    private func seed(_ section: inout Section<ScenarioKey>) throws(InputError) -> UInt64 {
        guard let node = section.node(.seed) else { return 1 }
        guard let seed = node.text.flatMap({ Digits.decimal($0, as: UInt64.self) }) else {
            throw section.scalar(.seed).error(node, mustBe: "a whole number from 0 to \(UInt64.max)")
        }
        return seed
    }

    private func dnsProxy(_ section: inout Section<ScenarioKey>) throws(InputError) -> IPAddress? {
        guard let address = try section.address(.dnsProxy), let node = section.node(.dnsProxy) else { return nil }
        try section.scalar(.dnsProxy).requireDNSFamily(address, node)
        return address
    }

    private func options(_ section: inout Section<ScenarioKey>) throws(InputError) -> [Scenario.OptionSetting] {
        guard let node = section.node(.options) else { return [] }
        let reader = section.scalar(.options)
        var options: [Scenario.OptionSetting] = []
        for entry in try reader.entries(node) {
            let value = try Scalar(entry.key, file: file).name(entry.value)
            options.append(.init(name: reader.name(keyOf: entry), value: value))
        }
        return options
    }

    private func managedPods(_ section: inout Section<ScenarioKey>) throws(InputError) -> Scenario.ManagedPods {
        guard let node = section.node(.manage) else { return .all }
        let reader = section.scalar(.manage)
        switch node.text {
        case "all": return .all
        case "labelled": return .labelled
        case "none": return .nobody
        case let text?:
            let hint = nearestName(to: text, in: Vocabulary.managedWords).map { "; did you mean \($0)?" } ?? ""
            throw reader.place(node).error(
                "\"manage\" must be all, labelled, none or a list of pods, not \(node.kindName)\(hint)")
        case nil:
            guard case .sequence = node.value else {
                throw reader.error(node, mustBe: "all, labelled, none or a list of pods")
            }
            return .named(try reader.names(node))
        }
    }

    private func steps(_ node: DocumentNode, hasEncryption: Bool) throws(InputError) -> [StepEntry] {
        let reader = Scalar("steps", file: file)
        guard case .sequence(let elements) = node.value else { throw reader.error(node, mustBe: "a list") }
        guard !elements.isEmpty else { throw reader.place(node).error("\"steps\" is an empty list") }
        var stepReader = StepReader(file: file, hasEncryption: hasEncryption)
        var steps: [StepEntry] = []
        for element in elements { steps.append(try stepReader.entry(element)) }
        return steps
    }
}

extension ScenarioReader {
    /// Reads the nodes alone, whatever else the document holds.
    func nodes(of document: DocumentNode) throws(InputError) -> [Located<Node>] {
        var section = try Section<ScenarioKey>(document, file: file, what: "scenario")
        guard section.node(.nodes) != nil else { throw section.place.error("\"nodes\" is missing here") }
        return try nodes(&section)
    }

    private func nodes(_ section: inout Section<ScenarioKey>) throws(InputError) -> [Located<Node>] {
        guard let list = section.node(.nodes) else { return [] }
        let reader = section.scalar(.nodes)
        guard case .sequence(let elements) = list.value else { throw reader.error(list, mustBe: "a list") }
        var nodes: [Located<Node>] = []
        for element in elements {
            let node = try self.node(element)
            for earlier in nodes {
                let line = earlier.place.position.line
                if earlier.value.name == node.value.name {
                    throw node.error("node \"\(node.value.name)\" again; it is already at line \(line)")
                }
                if let shared = node.value.addresses.first(where: earlier.value.addresses.contains) {
                    throw node.error("address \(shared) is already \(earlier.value.name)'s, at line \(line)")
                }
            }
            nodes.append(node)
        }
        return nodes
    }

    private func node(_ element: DocumentNode) throws(InputError) -> Located<Node> {
        var section = try Section<NodeKey>(element, file: file, what: "node")
        var node = Node(try section.requiredName(.name).value)
        node.locality.region = try section.string(.region) ?? ""
        node.locality.zone = try section.string(.zone) ?? ""
        node.locality.subzone = try section.string(.subzone) ?? ""
        node.network = try section.string(.network) ?? ""
        if let cluster = try section.string(.cluster), !cluster.isEmpty { node.cluster = cluster }
        if let list = section.node(.addresses) {
            let reader = section.scalar(.addresses)
            for element in try reader.elements(list) {
                let address = try reader.address(element)
                guard !node.addresses.contains(address) else {
                    throw reader.place(element).error("address \(address) again")
                }
                node.addresses.append(address)
            }
        }
        if let list = section.node(.podCIDRs) {
            let reader = section.scalar(.podCIDRs)
            for element in try reader.elements(list) { node.podPrefixes.append(try reader.prefix(element)) }
        }
        node.podGateway = try section.address(.podGateway)
        try section.finish()
        return Located(node, at: section.place)
    }
}
