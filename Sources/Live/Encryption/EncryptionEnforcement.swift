import Crypto
import Glibc
import Inputs
import Model

/// Keeps the kernel as the controller wants it: takes note of keys and of nodes, asks the controller for steps, and takes
/// them. What it has made outlives it.
struct EncryptionEnforcement<Registry: NodeInfoRegistry & ~Copyable>: ~Copyable {
    /// How often everything is compared with the kernel. States of earlier keys go when they were idle for so long.
    private static var period: UInt64 { 30_000_000_000 }

    /// How far above its last known number a state goes on that somebody deleted, since its peer takes none twice: more
    /// than any sends within a period.
    private static var skippedNumbers: UInt64 { 1 << 28 }

    let node: String
    private(set) var controller: EncryptionController
    /// What the kernel had when it was looked at last, and what was done since.
    private var listing = EncryptionListing()
    /// Whether what the kernel holds must be looked at before the next step.
    private(set) var mustRead = true
    /// States and policies of others in the places of ours.
    private(set) var foreign: [String] = []
    /// Infos of nodes that cannot be used.
    private var infoProblems: [String] = []
    private(set) var counts = EncryptionCounts()
    private var key: KeyFollower
    private var registry: Registry
    private var record: EncryptionRecord
    private let socket: XFRMSocket
    /// Of sending states, the last number that each is known to have used.
    private var sent: [XFRMState.ID: UInt64] = [:]
    /// nil before the programs are loaded.
    private var maps: EncryptionKernelMaps?
    /// What others tell of this node, and nil where nothing is told.
    private var published: NodeEncryption?
    /// Whether the uplinks have the program that tells peers apart (H18). Until then nothing is published: what others
    /// would send encrypted could not be decrypted, and what they send in clear would not be refused.
    var hasUplinks = true {
        didSet { hasNews = hasNews || hasUplinks != oldValue }
    }
    /// What the controller must be asked about.
    private var hasNews = true
    private var nextComparison: UInt64 = 0
    /// Errors of nodes' infos, as they were told.
    private var toldProblems: [String] = []

    /// Reads the key, the nodes and what the kernel holds; nothing is changed yet.
    /// - Throws: `.missingFeature` where the kernel cannot encrypt.
    init(
        _ configuration: AgentConfiguration, _ encryption: EncryptionConfiguration, registry: consuming Registry,
        socket: consuming XFRMSocket, state: borrowing StateDirectory
    ) throws(AgentError) {
        let key = try KeyFollower.start(encryption.keyFile)
        let record = try EncryptionRecord(in: state)
        let local = NodeEncryption(local: configuration, encryption, spi: key.key.spi, bootID: try BootID.read())
        controller = EncryptionController(
            node: configuration.node, local: local, key: key.key, options: configuration.options)
        node = configuration.node
        self.key = key
        self.registry = registry
        self.record = record
        self.socket = socket
        maps = nil
    }

    /// Takes the maps of the programs that are loaded now, and were not before.
    mutating func use(_ maps: consuming EncryptionKernelMaps) {
        self.maps = consume maps
        mustRead = true
    }

    /// What the loop waits for, besides the clock.
    borrowing func descriptors() -> [CInt] { [key.withRaw { $0 }, registry.withRaw { $0 }] }

    /// How long the loop may sleep at most, in milliseconds; nil for as long as it likes.
    func patience(at now: UInt64) -> Int? { key.patience(at: now) }

    /// Whether what the key file says is not in use, because it cannot be.
    var keyProblem: String? { key.problem }

    /// What the kernel holds of ours, as far as is known.
    var held: EncryptionHoldings { listing.held }

    // MARK: What changes

    /// Takes note of the key and of nodes.
    /// - Parameter isThorough: Whether to look at what no event told of.
    mutating func takeNews(at now: UInt64, isThorough: Bool, log: Log) throws(AgentError) {
        switch try AgentError.kernel({ () throws(KernelError) in try key.look(at: now, isThorough: isThorough) }) {
        case .nothing: break
        case .bad(let problem):
            log.error("bad key file; the key before it stays", LogField("error", .init(problem)))
            hasNews = true
        case .key(let new):
            log.info("key read", LogField("spi", .init(new.spi)))
            controller.take(new)
            counts.keys += 1
            hasNews = true
        }
        let news = try registry.takeChanges(isThorough: isThorough)
        for error in news.errors {
            log.error("bad node info; what it said before stays", LogField("error", .init(error)))
        }
        for change in news.changes { take(change) }
        let problems = registry.problems.map(\.description)
        // For the report.
        if problems != infoProblems { hasNews = true }
        infoProblems = problems
    }

    private mutating func take(_ change: NodeInfoChange) {
        hasNews = true
        switch change {
        case .set(node, let info):
            // Somebody else wrote it, or an agent of before.
            if info != held.published { mustRead = true }
            published = info
        case .removed(node):
            published = nil
            mustRead = true
        case .set(let name, let info): controller.take(info, of: name)
        case .removed(let name): controller.forget(node: name)
        }
    }

    /// Whether there is something to be done.
    func isDue(at now: UInt64) -> Bool { hasNews || mustRead || now >= nextComparison }

    /// Brings the kernel to what is wanted.
    mutating func settle(at now: UInt64, log: Log) throws(AgentError) {
        precondition(maps != nil, "the programs of encryption are not loaded")
        let isPeriodic = now >= nextComparison
        let isThorough = mustRead || isPeriodic
        if isThorough { try read() }
        let steps = controller.steps(
            from: held, isThorough: isThorough, mayRetire: isPeriodic, digest: { SHA512.digest(of: $0) })
        // Also where a step fails: what is tried again soon after compares nothing.
        if isPeriodic { nextComparison = now + Self.period }
        hasNews = false
        // Until all of it is done.
        mustRead = true
        if isThorough { foreign = [] }
        try take(steps, log: log)
        mustRead = false
        tellProblems(log)
    }

    /// Looks at what the kernel holds.
    private mutating func read() throws(AgentError) {
        let (ours, published, known) = ((states: record.states, policies: record.policies), published, held)
        listing = try AgentError.kernel { () throws(KernelError) in
            try EncryptionListing(socket, maps, ours: ours, published: published, known: known)
        }
        sent.merge(listing.sent) { $1 }
    }

    // MARK: Steps

    private mutating func take(_ steps: [EncryptionStep], log: Log) throws(AgentError) {
        guard !steps.isEmpty else { return }
        var done = EncryptionCounts()
        defer { counts.add(done) }
        for step in steps {
            do throws(AgentError) {
                guard try isTaken(step, log) else { continue }
            } catch {
                counts.failures += 1
                throw error
            }
            listing.held.apply(step)
            done.count(step)
        }
        try AgentError.kernel { () throws(KernelError) in
            try record.remove(
                steps.compactMap(\.removedState).filter { held.states[$0] == nil },
                steps.compactMap(\.removedPolicy).filter { held.policies[$0] == nil })
        }
        guard done != EncryptionCounts() else { return }
        log.info(
            "encryption changed", LogField("states", .init(done.states)), LogField("policies", .init(done.policies)),
            LogField("prefixes", .init(done.prefixes)), LogField("spi", .init(controller.local.spi)))
    }

    /// Takes a step.
    /// - Returns: false where it is left out: something of somebody else is in its place, or it is too early.
    private mutating func isTaken(_ step: EncryptionStep, _ log: Log) throws(AgentError) -> Bool {
        switch step {
        case .publish(let info):
            guard hasUplinks || controller.options.inboundState == .destination else { return false }
            try registry.publish(info, of: node)
            published = info
            log.info("published", LogField("spi", .init(info.spi)))
        case .markPeer(let address, let mark):
            try AgentError.kernel { () throws(KernelError) in try maps?.mark(address, as: mark) }
        case .forgetPeer(let address): try AgentError.kernel { () throws(KernelError) in _ = try maps?.forget(address) }
        case .encryptTo(let prefix): try AgentError.kernel { () throws(KernelError) in try maps?.encrypt(to: prefix) }
        case .leaveClear(let prefix):
            try AgentError.kernel { () throws(KernelError) in _ = try maps?.leaveClear(prefix) }
        case .xfrm(let change):
            return try isApplied(change, of: step)
        }
        return true
    }

    /// What is made is known to be ours before, and not when it is somebody else's, or could not be made.
    private mutating func isApplied(_ change: XFRMChange, of step: EncryptionStep) throws(AgentError) -> Bool {
        if listing.isOthers(step) { return leaveOut(step) }
        let (states, policies) = (step.madeState.map { [$0] } ?? [], step.madePolicy.map { [$0] } ?? [])
        // The preset that adds blindly makes what is there.
        let isHeld = states.contains { held.states[$0] != nil } || policies.contains { held.policies[$0] != nil }
        do throws(KernelError) {
            try record.add(states, policies)
            try apply(change)
            return true
        } catch {
            if isHeld, error.errno == EEXIST { return false }
            if !isHeld { try AgentError.kernel { () throws(KernelError) in try record.remove(states, policies) } }
            guard error.errno == EEXIST else { throw error.isMissingCipher ? .missingCipher(error) : .kernel(error) }
            return leaveOut(step)
        }
    }

    /// Notes that somebody else has the place.
    private mutating func leaveOut(_ step: EncryptionStep) -> Bool {
        let other = step.madeState?.description ?? step.madePolicy?.description ?? ""
        if !foreign.contains(other) { foreign.append(other) }
        return false
    }

    private mutating func apply(_ change: XFRMChange) throws(KernelError) {
        do throws(KernelError) {
            switch change {
            case .addState(let state) where state.outputMark == nil && state.hasExtendedSequence:
                let number = sent[state.id].map { $0 + Self.skippedNumbers } ?? 0
                try socket.add(state, after: number)
                sent[state.id] = number
            case .deleteState(let id):
                sent[id] = nil
                try socket.apply(change)
            case .updatePolicy(let policy) where held.policies[policy.id] == nil:
                // Refused where somebody else has one.
                try socket.apply(.addPolicy(policy))
            case .flushStates: for id in held.states.keys { try socket.apply(.deleteState(id)) }
            case .flushPolicies: for id in held.policies.keys { try socket.apply(.deletePolicy(id)) }
            default: try socket.apply(change)
            }
        } catch {
            // Somebody was faster.
            guard change.removes, error.errno == ESRCH || error.errno == ENOENT else { throw error }
        }
    }

    // MARK: Problems

    /// What keeps traffic from being encrypted as it is meant, a sentence each.
    var problems: [String] {
        let own = controller.problems.map(\.description)
        let others = foreign.map { "somebody else has \($0); it is left alone, and ours is missing" }
        return own + others + infoProblems + (keyProblem.map { [$0] } ?? [])
    }

    /// For other processes.
    var report: EncryptionReport {
        let spis = Set([controller.local.spi] + controller.peers.values.map(\.spi))
        return EncryptionReport(
            node: node, local: controller.local, knownSPIs: spis.filter { controller.keys[$0] != nil }.sorted(),
            peers: controller.peers, problems: problems)
    }

    /// For metrics.
    var figures: EncryptionFigures {
        EncryptionFigures(report, held: held, counts, isKeyFileBad: keyProblem != nil)
    }

    private mutating func tellProblems(_ log: Log) {
        let problems = controller.problems.map(\.description)
        for problem in problems where !toldProblems.contains(problem) {
            log.warning("not encrypted as meant", LogField("problem", .init(problem)))
        }
        let strangers = foreign.map { "somebody else has \($0)" }
        for stranger in strangers where !toldProblems.contains(stranger) {
            log.error("not encrypted as meant", LogField("problem", .init(stranger)))
        }
        toldProblems = problems + strangers
    }
}
