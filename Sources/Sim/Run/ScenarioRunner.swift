public import Inputs
public import Model
public import Scenario

/// Runs one scenario under one preset.
public struct ScenarioRunner {
    /// What a command line changes of a scenario.
    public struct Overrides: Sendable {
        /// Which nodes get maps before the first step.
        public enum Nodes: Hashable, Sendable {
            /// Every node of a small mesh; of a larger one those that steps need.
            case asNeeded
            /// Only those of the first caller of each step.
            case callers
            /// None but those whose maps were recorded.
            case none
        }

        public var preset: Preset?
        public var seed: UInt64?
        public var nodes: Nodes

        public init(preset: Preset? = nil, seed: UInt64? = nil, nodes: Nodes = .asNeeded) {
            self.preset = preset
            self.seed = seed
            self.nodes = nodes
        }
    }

    /// Up to so many nodes all of them get maps, whether or not a step needs them.
    static let smallMeshNodeCount = 8

    let scenario: Scenario
    let preset: Preset
    let seed: UInt64
    var input: MeshInput
    var snapshot: MeshInput.Snapshot
    var world: World
    var book: NameBook
    /// Changes of workloads that steps made beside the sources.
    var adjustments: [WorkloadUID: WorkloadAdjustment] = [:]
    var openSockets: [String: Int] = [:]
    var mapSnapshots: [String: [String: MapStore]] = [:]
    /// What carries the packets of flows; empty where no step needs it.
    var network: Network
    /// nil: no node encrypts.
    var encryption: EncryptionScene?
    /// What flows put on the wire, by the flows' names.
    var keptPackets: [String: [[UInt8]]] = [:]
    /// How often nodes booted.
    var bootCount: UInt64 = 0
    /// What the section `encryption` says of nodes.
    var networkNodes: [String: NodeEncryption] = [:]
    /// Of agents, those that were told already.
    var knownEncryptionProblems: [String] = []
    var initialEncryptionProblems: [String] = []
    private var initialProblems: [Problem] = []
    /// Those of the whole mesh as it is now.
    var problems: [Problem] = []

    /// Reads the sources and builds the world.
    /// - Throws: for sources and names that cannot be used; then nothing ran.
    public init(
        _ scenario: Scenario, _ overrides: Overrides = Overrides(),
        progress: (_ file: String, _ fraction: Double?) -> Void = { _, _ in }
    ) throws(InputError) {
        self.scenario = scenario
        preset = overrides.preset ?? scenario.preset
        seed = overrides.seed ?? scenario.seed
        var options = DataplaneOptions(preset)
        for setting in scenario.options { try Self.set(setting, in: &options) }

        let needsDocuments = scenario.steps.contains {
            switch $0.step {
            case .patch, .restart: true
            default: false
            }
        }
        input = MeshInput(nodes: scenario.nodes.map(\.value), keeping: needsDocuments ? .all : .none)
        for source in scenario.mesh {
            try Self.add(source, of: scenario, to: &input, progress: progress)
        }
        snapshot = try input.snapshot()
        book = NameBook(snapshot.mesh)
        world = World(
            mesh: snapshot.mesh,
            settings: World.Settings(
                options: options, seed: seed, dnsProxy: scenario.dnsProxy, isMonitoring: scenario.isMonitoring,
                hasPeriodicReports: scenario.hasPeriodicReports))
        network = Network(options: options)
        try addRecordedNodes()
        try manageAtStart()
        switch overrides.nodes {
        case .asNeeded: try addNodes()
        case .callers: try addCallers()
        case .none: break
        }
        try beginEncryption()
    }

    /// Runs every step.
    /// - Throws: for a step that names what does not exist at that moment.
    public mutating func run() throws(InputError) -> ScenarioResult {
        var results: [StepResult] = []
        for (index, entry) in scenario.steps.enumerated() {
            results.append(try run(entry, index: index + 1))
        }
        return ScenarioResult(
            name: scenario.name, description: scenario.description, file: scenario.file, preset: preset, seed: seed,
            problems: initialProblems, encryptionProblems: initialEncryptionProblems, notes: snapshot.notes,
            steps: results, counters: world.counters.sorted + network.raisedCounters)
    }

    // MARK: Setting up

    private static func set(
        _ setting: Scenario.OptionSetting, in options: inout DataplaneOptions
    ) throws(InputError) {
        let names = OptionName.allCases.map(\.rawValue)
        guard let name = OptionName(rawValue: setting.name.value) else {
            let hint = nearestName(to: setting.name.value, in: names).map { "did you mean \($0)?" }
            throw setting.name.error(
                "there is no option \"\(setting.name.value)\"; \(hint ?? "known: " + names.joined(separator: ", "))")
        }
        guard options.set(name, to: setting.value.value) else {
            let choices = DataplaneOptions.choices(of: name).joined(separator: " or ")
            throw setting.value.error("option \(name.rawValue) must be \(choices), not \"\(setting.value.value)\"")
        }
    }

    static func add(
        _ source: MeshSourceReference, of scenario: Scenario, to input: inout MeshInput,
        progress: (_ file: String, _ fraction: Double?) -> Void = { _, _ in }
    ) throws(InputError) {
        switch source.content {
        case .path(let path, let node):
            try input.add(
                path: scenario.resolved(path: path), node: node?.value ?? scenario.node?.value, progress: progress)
        case .objects(let objects):
            try input.add(objects: objects, file: source.place.file)
        case .text(let text):
            try input.add(text: text, file: "\(source.place) (inline)")
        }
    }

    private mutating func addRecordedNodes() throws(InputError) {
        for (node, dump) in input.dumps {
            let maps = try dump.store(capacities: world.options.capacities)
            world.addNode(node, recorded: maps, names: try dump.nameTable())
        }
    }

    /// Every node that a step may need gets its maps, and only those: a node costs a whole compilation.
    private mutating func addNodes() throws(InputError) {
        var needed: Set<String> = []
        var needsAll = true
        for entry in scenario.steps {
            switch entry.step {
            case .connect(let connect):
                needsAll = false
                switch connect.caller {
                case .workload(let name): needed.formUnion(book.workloads(name.value).compactMap(node))
                case .nodeProcess(let name): needed.insert(name.value)
                }
            case .dns(let exchange):
                needsAll = false
                needed.formUnion(book.workloads(exchange.client.value).compactMap(node))
            default: break
            }
        }
        let all = needsAll || snapshot.mesh.nodes.count <= Self.smallMeshNodeCount
        addNodes { all || needed.contains($0) }
    }

    /// Like `addNodes()`, but strict: no node for a mere server.
    private mutating func addCallers() throws(InputError) {
        var needed: Set<String> = []
        for case .connect(let connect) in scenario.steps.map(\.step) {
            switch connect.caller {
            case .workload(let name): needed.formUnion([node(of: try caller(name))].compactMap(\.self))
            case .nodeProcess(let name): needed.insert(name.value)
            }
        }
        addNodes { needed.contains($0) }
    }

    private mutating func addNodes(where isNeeded: (String) -> Bool) {
        for node in snapshot.mesh.sortedNodes where isNeeded(node.name) { world.addNode(node.name) }
        initialProblems = world.problems
        problems = initialProblems
    }

    /// The world before the first step, for a replay: every node gets maps when a packet needs them.
    public func worldForReplay() -> World {
        var world = world
        for name in snapshot.mesh.nodes.keys { world.addNodeWhenNeeded(name) }
        return world
    }

    private func node(of uid: WorkloadUID) -> String? { snapshot.mesh.workloads[uid]?.node }

    private mutating func manageAtStart() throws(InputError) {
        switch scenario.managedPods {
        case .all:
            for workload in snapshot.mesh.sortedWorkloads where isManagedAtStart(workload) {
                world.setManaged(workload.uid, true)
            }
        case .labelled:
            for uid in (snapshot.enrolled ?? []).sorted() { world.setManaged(uid, true) }
        case .nobody: break
        case .named(let names):
            for name in names { for uid in try manageableWorkloads(name) { world.setManaged(uid, true) } }
        }
    }

    /// Of a recorded node those pods whose address was managed there; else every pod with an address of its own.
    private func isManagedAtStart(_ workload: Workload) -> Bool {
        guard workload.networkMode == .standard else { return false }
        let recorded = input.dumps.first { $0.node == workload.node }?.dump
        if let node = world.nodes[workload.node], recorded?.entries[.manage] != nil {
            return workload.addresses.contains { node.maps.managed(ManageKey($0))?.state == 0 }
        }
        return true
    }

    // MARK: Names

    /// The workloads of a name in the scenario.
    /// - Parameter isTarget: Whether a service would have been right too.
    /// - Throws: when there are none.
    func workloads(_ name: Located<String>, isTarget: Bool = false) throws(InputError) -> [WorkloadUID] {
        let found = book.workloads(name.value)
        if !found.isEmpty { return found }
        let known = isTarget ? book.allNames : book.workloadNames
        let hint = nearestName(to: name.value, in: known).map { "; did you mean \($0)?" } ?? ""
        let kind = isTarget ? "service or workload" : "workload"
        throw name.error("there is no \(kind) named \"\(name.value)\"\(hint)")
    }

    /// The workloads of a name, each with a network namespace of its own.
    func manageableWorkloads(_ name: Located<String>) throws(InputError) -> [WorkloadUID] {
        let found = try workloads(name)
        if let uid = found.first(where: { snapshot.mesh.workloads[$0]?.networkMode == .hostNetwork }) {
            throw name.error("workload \(uid) uses its node's network, which the mesh cannot manage")
        }
        return found
    }

    /// The one that acts for a name: the first of an owner's pods.
    func caller(_ name: Located<String>) throws(InputError) -> WorkloadUID {
        let found = try workloads(name)
        let owners = Set(found.compactMap { snapshot.mesh.workloads[$0].map { "\($0.namespace)/\($0.ownerName)" } })
        guard owners.count == 1, let first = found.first else {
            throw name.error(
                "\"\(name.value)\" names workloads of several owners: \(owners.sorted().joined(separator: ", "))")
        }
        return first
    }
}
