import Glibc
import Inputs
import Model

/// The node agent: reads the mesh, keeps the kernel's maps as the mesh wants them, and follows its files.
///
/// One loop owns everything here. What is pinned and attached stays when it ends.
public struct Agent: ~Copyable {
    /// More barriers than these at once are not waited for one by one: the maps are brought from what they are to what
    /// they are to be, which takes a few.
    private static let mostBarriers = 16

    public let configuration: AgentConfiguration
    let log: Log
    let state: StateDirectory
    private var names: NameStore
    var watcher: FileWatcher
    var followed: FollowedMesh
    var compiler: Compiler
    /// The policies, where the programs judge by them.
    private(set) var policies: PolicyFeed?
    private(set) var dataplane: Dataplane
    var pods = ManagedPods()
    /// Namespaces of recorded pods that were told to be gone.
    var goneNamespaces: Set<UInt64> = []
    var ingress = PodIngress()
    /// The programs of encryption.
    var marking = PodMarking()
    /// Keys, and the kernel's rules for other nodes; nil where nothing is encrypted.
    var encryption: EncryptionEnforcement<NodeInfoDirectory>?
    var encryptionRetries = Backoff()
    /// What other processes were told of encryption.
    var encryptionReport: EncryptionReport?
    var toldMarkingProblems: [String] = []
    /// Decides where the programs leave it to the agent.
    let judge: UserSpaceJudge
    /// What was told of policies and of pods that are not in the mesh.
    private var toldOfPolicies: [String] = []
    /// Whether the kernel decides where it may.
    private(set) var offload = OffloadSwitch.on
    private(set) var policyCount = 0
    /// What other processes were told of the policies.
    private var record: AuthorizationRecord?
    var figures: AgentCounters
    /// Whether the maps are not, as far as is known, what the mesh wants.
    private(set) var mustReconcile = false
    /// Whether the maps of policies cannot be brought to what they are to hold: new ones take their place.
    private var mustRenewPolicies = false
    /// Whether the programs that look into these maps are in force.
    private(set) var isAttached = false

    /// Reads the mesh and puts it in force.
    public static func start(_ configuration: AgentConfiguration, log: Log) throws(AgentError) -> Agent {
        let watcher = try AgentError.wrapping { try configuration.watcher() }
        // First, so that a bad mesh changes nothing at all.
        let followed = try AgentError.wrapping { try FollowedMesh(paths: configuration.mesh) }
        let state = try AgentError.wrapping { try StateDirectory(path: configuration.stateDirectory) }
        var names = try AgentError.wrapping { try NameStore(in: state) }
        for note in followed.notes { log.info("note", LogField("text", .init(note))) }
        // Before anything is made; the directory is opened again to attach to it.
        let cgroup = try configuration.cgroupPath()
        try AgentError.wrapping { _ = try CgroupAttachment(path: cgroup) }
        let encryption = try configuration.encryptionEnforcement(state, log: log)
        let pins = PinDirectory(configuration.pinDirectory)
        let isFirst = !pins.isThere
        do throws(AgentError) {
            var figures = AgentCounters()
            let start = try bringUp(configuration, followed.mesh, names.takeNames(), &names, state, &figures, log: log)
            var agent = Agent(configuration, log, state, names, watcher, followed, start, figures, encryption)
            try agent.managePods()
            try agent.attach()
            if configuration.options.authorization == .offload {
                log.warning(
                    "upstream's XDP engine is only simulated: user space alone decides about connections to pods")
            }
            ResidentMemory.giveBack()
            return agent
        } catch {
            if isFirst { try? pins.removeIfEmpty() }
            throw error
        }
    }

    private init(
        _ configuration: AgentConfiguration, _ log: Log, _ state: consuming StateDirectory,
        _ names: consuming NameStore, _ watcher: consuming FileWatcher, _ followed: FollowedMesh,
        _ start: consuming Start, _ figures: AgentCounters,
        _ encryption: consuming EncryptionEnforcement<NodeInfoDirectory>?
    ) {
        self.configuration = configuration
        self.log = log
        self.state = state
        self.names = names
        self.watcher = watcher
        self.followed = followed
        self.figures = figures
        self.encryption = encryption
        judge = UserSpaceJudge(log: log)
        if configuration.options.authorization != .compiled {
            judge.set(.upstream(UpstreamUserSpace(followed.mesh)))
        }
        compiler = start.compiler
        policies = start.policies
        dataplane = start.dataplane
    }

    private mutating func attach() throws(AgentError) {
        let cgroup = try configuration.cgroupPath()
        try takeOffloadSwitch()
        refreshJudge()
        try recordPolicies()
        let results = try AgentError.wrapping { try dataplane.openMap(KernelMapName.authorizationResult.rawValue) }
        judge.use(results: results)
        try AgentError.wrapping { try dataplane.attach(cgroup: cgroup) }
        ingress.tellsAnswers = policies != nil
        recordOpenFlows()
        ingress.adopt(try AgentError.wrapping { try dataplane.replaceIngress() })
        try replaceMarking()
        isAttached = true
        try settleIngress(isThorough: true)
        // The programs that tell peers apart are in their places by now.
        try beginEncryption()
        tellOfPolicies()
        log.info(
            "in force", LogField("cgroup", .init(cgroup)), LogField("pins", .init(configuration.pinDirectory)),
            LogField("services", .init(compiler.resourceCounts.services)),
            LogField("workloads", .init(compiler.resourceCounts.workloads)))
    }

    // MARK: Bringing the maps up

    private struct Start: ~Copyable {
        let compiler: Compiler
        let policies: PolicyFeed?
        let dataplane: Dataplane
    }

    /// Loads the programs, and fills the maps; nothing is attached yet.
    private static func bringUp(
        _ configuration: AgentConfiguration, _ mesh: Mesh, _ names: NameTable, _ store: inout NameStore,
        _ state: borrowing StateDirectory, _ figures: inout AgentCounters, log: Log, policyDoublings: Int = 0
    ) throws(AgentError) -> Start {
        var settings = configuration.programSettings
        let needed = MapCapacities.needed(by: mesh)
        if configuration.preset == .hardened { settings.options.capacities = .fitting(needed) }
        let pins = PinDirectory(configuration.pinDirectory)
        let adopting = configuration.adoption.map { PinDirectory($0.pinDirectory) }
        var policies = try configuration.policyFeed(mesh, doublings: policyDoublings)
        if let policies { settings.authorizationCapacities = policies.compiler.capacities }
        // Also tells of pinned maps with another layout, which are not to be replaced.
        var loaded = try AgentError.wrapping { try Dataplane(settings, pins: pins, adopting: adopting) }
        let isHalfReplaced = try AgentError.wrapping { try adopting == nil && LinkedMaps.differ(from: pins) }
        let isTooSmall = !loaded.maps.capacities.hold(needed) && settings.options.capacities.hold(needed)
        if adopting == nil, isHalfReplaced || isTooSmall {
            let reason = isHalfReplaced ? "an earlier change of maps was cut short" : "the pinned maps are too small"
            log.info("\(reason): new ones are made")
            loaded = try AgentError.wrapping { try Dataplane(settings, pins: pins, isFresh: true) }
        }
        settings.options.capacities = loaded.maps.capacities
        let allNames = try configuration.withAdoptedNames(names)
        var desired = DesiredMaps(
            of: mesh, node: configuration.node, options: settings.options, names: allNames,
            dnsProxy: configuration.dnsProxy)
        for refusal in desired.refusals { log.error("not in force", LogField("problem", .init(refusal))) }
        // Ids are on the disk before a map holds them.
        let changes = desired.compiler.takeNameChanges()
        try AgentError.wrapping { try store.save(changes, of: desired.compiler.names, in: state) }
        try reconcile(loaded.maps, to: desired.maps, desired.compiler.names, &figures, log: log)
        // Empty maps, which no program in force looks into.
        if let writes = policies?.takeWrites(ids: desired.compiler.names) {
            do throws(MapWriteError) {
                let counts = try loaded.authorization.apply(writes)
                log.info(
                    "policies written", LogField("policies", .init(policies?.policies.count ?? 0)),
                    LogField("puts", .init(counts.puts)))
            } catch {
                // Addresses that meet in one bucket, although there is room for all of them.
                guard error.error.errno == E2BIG, policies?.canGrow ?? false else { throw .write(error) }
                return try bringUp(
                    configuration, mesh, desired.compiler.names, &store, state, &figures, log: log,
                    policyDoublings: policyDoublings + 1)
            }
        }
        return Start(compiler: desired.compiler, policies: policies, dataplane: loaded)
    }

    /// Brings maps from what they hold to what they are to hold.
    private static func reconcile(
        _ maps: borrowing KernelMapStore, to desired: MapStore, _ names: NameTable, _ figures: inout AgentCounters,
        log: Log
    ) throws(AgentError) {
        let actual = try AgentError.wrapping { try maps.snapshot() }
        let plan = try AgentError.wrapping { try Reconciliation(from: actual, to: desired, names: names) }
        guard !plan.isEmpty else { return }
        if !plan.isHitless {
            log.warning(
                "no room to change these without a gap",
                LogField("services", .init(plan.exposed.compactMap { names.name(of: $0) }.joined(separator: ", "))))
        }
        let counts = try AgentError.wrapping { try maps.apply(plan.writes) }
        figures.add(counts, plan.writes)
        log.info(
            "maps written", LogField("puts", .init(counts.puts)), LogField("deletes", .init(counts.deletes)),
            LogField("barriers", .init(counts.barriers)))
    }

    /// Compiles the mesh anew and brings the maps to it: after a failed write, or after many changes at once.
    mutating func reconcile() throws(AgentError) {
        if mustRenewPolicies { return try renew() }
        mustReconcile = true
        var options = configuration.options
        options.capacities = dataplane.maps.capacities
        var known = compiler.names
        _ = known.takeChanges()
        var desired = DesiredMaps(
            of: followed.mesh, node: configuration.node, options: options, names: known,
            dnsProxy: configuration.dnsProxy)
        let changes = compiler.takeNameChanges() + desired.compiler.takeNameChanges()
        try AgentError.wrapping { try names.save(changes, of: desired.compiler.names, in: state) }
        try Self.reconcile(dataplane.maps, to: desired.maps, desired.compiler.names, &figures, log: log)
        compiler = desired.compiler
        if canGrow, desired.refusals.contains(where: \.isFullMap) { return try grow() }
        if !isAttached {
            try managePods()
            try attach()
        }
        if !putPoliciesInForce() { return try renew() }
        mustReconcile = false
        figures.lastApplied = WallTime.now()
    }

    /// Whether the maps may be as large as the mesh wants them: upstream's have its capacities.
    private var canGrow: Bool { configuration.adoption == nil && configuration.preset == .hardened }

    /// Puts larger maps in the place of full ones, and programs that look into them, program by program.
    private mutating func grow() throws(AgentError) {
        log.info("the maps are too small for the mesh: larger ones are made")
        try renew()
    }

    /// Loads the programs anew, with maps of policies that are filled from nothing, and puts them in force.
    private mutating func renew() throws(AgentError) {
        // Until all of it is done, what is in force is older than the mesh.
        mustReconcile = true
        let changes = compiler.takeNameChanges()
        try AgentError.wrapping { try names.save(changes, of: compiler.names, in: state) }
        let start = try Self.bringUp(configuration, followed.mesh, compiler.names, &names, state, &figures, log: log)
        replace(with: start)
        mustRenewPolicies = false
        try managePods()
        try attach()
        mustReconcile = false
        figures.lastApplied = WallTime.now()
    }

    private mutating func replace(with start: consuming Start) {
        isAttached = false
        compiler = start.compiler
        policies = start.policies
        dataplane = start.dataplane
    }

    // MARK: Changes

    /// Puts changes of the mesh in force.
    mutating func apply(_ changes: [MeshChange]) throws(AgentError) {
        guard !changes.isEmpty else { return }
        let begin = BootClock.sinceBootNanoseconds()
        defer { figures.applySeconds.observe(Double(BootClock.sinceBootNanoseconds() - begin) / 1e9) }
        figures.changes += UInt64(changes.count)
        if configuration.metrics != nil { figures.note(changes, known: compiler) }
        // Each once, whatever becomes of the maps.
        for change in changes { policies?.apply(change) }
        judge.apply(changes)
        if policies == nil, changes.contains(where: \.isOfPolicy) { try recordPolicies() }
        var writes: [MapWrite] = []
        let refused = changes.compactMap { compiler.compile($0, into: &writes) }
        if canGrow, refused.contains(where: \.isFullMap) { return try grow() }
        figures.refusals += UInt64(refused.count)
        for refusal in refused { log.error("not in force", LogField("problem", .init(refusal))) }
        let barriers = writes.count { if case .barrier = $0 { true } else { false } }
        if mustReconcile || barriers > Self.mostBarriers { return try reconcile() }
        // Until all of it is done, the maps are not what the mesh wants.
        mustReconcile = true
        let changes = compiler.takeNameChanges()
        try AgentError.wrapping { try names.save(changes, of: compiler.names, in: state) }
        // First who somebody is, then how to reach him.
        if !putPoliciesInForce() { return try renew() }
        try write(writes)
        mustReconcile = false
        figures.lastApplied = WallTime.now()
    }

    /// Writes the maps. Where a full map loses writes, as upstream's does, what is lost is told and the rest written.
    private mutating func write(_ writes: [MapWrite]) throws(AgentError) {
        var rest = writes
        while true {
            do throws(MapWriteError) {
                figures.add(try dataplane.maps.apply(rest), rest)
                return
            } catch {
                guard configuration.options.overflow == .loseWrites, error.error.errno == E2BIG else {
                    throw .write(error)
                }
                figures.refusals += 1
                log.error("not in force", LogField("error", .init(error.error)))
                rest.removeFirst(error.appliedCount + 1)
            }
        }
    }

    // MARK: Policies

    /// Writes what the policies came to since the last time.
    /// - Returns: false when new maps have to take the place of these: a write failed, or there is no room. What is in
    ///   force until then is as it was, or closed, for each address as a whole.
    mutating func putPoliciesInForce() -> Bool {
        guard !mustRenewPolicies else { return false }
        guard let writes = policies?.takeWrites(ids: compiler.names) else { return true }
        do throws(MapWriteError) {
            if !writes.isEmpty { figures.add(try dataplane.authorization.apply(writes)) }
        } catch {
            figures.policyFailures += 1
            log.error("failed", LogField("error", .init(error)))
            mustRenewPolicies = true
            return false
        }
        if let policies, policies.lacksRoom, policies.canGrow {
            log.info("the maps of policies are too small: larger ones are made")
            mustRenewPolicies = true
            return false
        }
        tellOfPolicies()
        if !writes.isEmpty { refreshJudge() }
        do throws(AgentError) {
            try recordPolicies()
        } catch {
            // Others show numbers for names until it works.
            log.error("failed", LogField("error", .init(error)))
        }
        return true
    }

    /// Lets the agent decide by the policies as they are, where it is to decide and they are compiled.
    private func refreshJudge() {
        guard let policies else { return }
        judge.set(offload == .off ? .compiled(policies.judged) : nil)
    }

    /// Tells other processes of the policies.
    private mutating func recordPolicies() throws(AgentError) {
        policyCount = policies?.policies.count ?? followed.mesh.policies.count
        let record = AuthorizationRecord(
            configuration.options.authorization, policyCount: policyCount,
            names: policies?.compiler.names ?? NameTable())
        guard record != self.record else { return }
        try AgentError.wrapping {
            try state.replace(AuthorizationRecord.fileName, with: Array(record.text.utf8))
        }
        self.record = record
    }

    /// Lets the kernel decide or the agent, as it is remembered.
    mutating func takeOffloadSwitch() throws(AgentError) {
        let wanted = try OffloadSwitch(inDirectory: configuration.stateDirectory)
        try AgentError.wrapping { try wanted.set(try dataplane.openVariables()) }
        guard wanted != offload else { return }
        offload = wanted
        refreshJudge()
        log.info("offload", LogField("is", .init(wanted.rawValue)))
    }

    /// Tells the policies which pods there are.
    mutating func tellPolicies(of pods: [ManagedPod]) throws(AgentError) {
        policies?.setPods(pods)
        if putPoliciesInForce() { return }
        guard isAttached else { throw .refused("the policies cannot be written") }
        try renew()
    }

    /// Logs what is not judged as it is meant, once.
    private mutating func tellOfPolicies() {
        guard let policies else { return }
        var lines: [String] = []
        for problem in policies.problems {
            lines.append("\(problem)")
            if toldOfPolicies.contains("\(problem)") { continue }
            log.error("not in force", LogField("problem", .init(problem)))
        }
        for pod in policies.unknownPods {
            let line = "\(pod.name) \(pod.closing)"
            lines.append(line)
            if toldOfPolicies.contains(line) { continue }
            log.warning(
                "a managed pod is not in the mesh", LogField("pod", .init(pod.name)),
                LogField(
                    "judged",
                    .init(
                        pod.closing.isEmpty
                            ? "by the policies of the mesh and of its namespace"
                            : "nothing gets in: policies that select workloads may apply")),
                LogField("policies", .init(pod.closing.joined(separator: ", "))))
        }
        toldOfPolicies = lines
    }
}

extension MeshChange {
    fileprivate var isOfPolicy: Bool {
        switch self {
        case .setPolicy, .removePolicy: true
        default: false
        }
    }
}

extension Problem {
    /// Whether a larger map would do.
    var isFullMap: Bool {
        if case .mapFull = self { return true }
        return false
    }
}
