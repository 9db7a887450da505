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
    }

    /// Barriers among the writes.
    public var barrierCount: Int { writes.count { if case .barrier = $0 { true } else { false } } }
}
