import Inputs
public import Model

/// What an agent would write if it started now. Nothing is changed by looking.
public struct AgentPlan: Sendable {
    public var differences: [MapDifference]
    public var writes: [MapWrite]
    /// Resources that the maps cannot take.
    public var refusals: [Problem]
    public var notes: [InputNote]
    public var names: NameTable
    /// Names of the policies that would be compiled; empty where the programs would not judge by them.
    public var policies: [String] = []
    /// Addresses of this node that would be judged, and how many different sets of policies they would be judged by.
    public var judgedCount = 0
    public var viewCount = 0
    /// Policies and workloads where everything would be denied, and managed pods that the mesh does not know.
    public var policyProblems: [String] = []
    /// nil where nothing is encrypted.
    public var encryption: EncryptionPreview?
    /// Whether every lookup meanwhile finds an answer of before or after.
    public var isHitless: Bool

    public init(_ configuration: AgentConfiguration) throws(AgentError) {
        let followed = try AgentError.wrapping { try FollowedMesh(paths: configuration.mesh) }
        let pins = PinDirectory(configuration.adoption?.pinDirectory ?? configuration.pinDirectory)
        let mesh = followed.mesh
        var options = configuration.options
        if configuration.preset == .hardened { options.capacities = .fitting(.needed(by: mesh)) }
        var actual = MapStore(capacities: options.capacities)
        if Dataplane.isPinned(in: pins) {
            let found = try PinnedMaps(pins).snapshot()
            actual = found.maps
        }
        let names = try configuration.withAdoptedNames(try StateView(configuration.stateDirectory).names())
        let desired = DesiredMaps(
            of: mesh, node: configuration.node, options: options, names: names, dnsProxy: configuration.dnsProxy)
        let plan = try AgentError.wrapping {
            try Reconciliation(from: actual, to: desired.maps, names: desired.compiler.names)
        }
        differences = actual.differences(from: desired.maps)
        writes = plan.writes
        isHitless = plan.isHitless
        refusals = desired.refusals
        notes = followed.notes
        self.names = desired.compiler.names
        if let settings = configuration.encryption { encryption = try EncryptionPreview(configuration, settings) }
        guard var feed = try configuration.policyFeed(mesh) else { return }
        _ = feed.takeWrites(ids: names)
        policies = feed.policies.keys.sorted()
        (judgedCount, viewCount) = feed.compiler.counts
        policyProblems = feed.problems.map(\.description)
        policyProblems += feed.unknownPods.map { pod in
            let judged =
                pod.closing.isEmpty
                ? "is judged by the policies of the mesh and of its namespace"
                : "is closed, because these may select it: \(pod.closing.joined(separator: ", "))"
            return "managed pod \(pod.name) is not in the mesh, and \(judged)"
        }
    }

    /// Barriers among the writes.
    public var barrierCount: Int { writes.count { if case .barrier = $0 { true } else { false } } }
}
