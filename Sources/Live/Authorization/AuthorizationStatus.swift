import KernelABI
public import Model

/// What is known of authorization on this host, with and without an agent.
public struct AuthorizationStatus: Sendable {
    /// A map of policies.
    public struct Fill: Hashable, Sendable {
        public var name: String
        /// nil of arrays.
        public var entryCount: Int?
        public var capacity: Int
    }

    /// The agent's process id, nil when none runs.
    public var agent: Int32?
    /// What the agent was started with; nil where none has been.
    public var decides: DataplaneOptions.Authorization?
    /// As it is remembered.
    public var offload: OffloadSwitch
    /// Whether the programs in force leave the decision to user space.
    public var isUserSpace: Bool
    /// How often the policies in force have changed.
    public var generation: UInt32
    public var policyCount: Int
    /// Addresses that are judged in the kernel.
    public var judgedCount: Int
    public var pods: [(pod: ManagedPod, enforcement: PodEnforcement)]
    /// Packets that were denied, by reason.
    public var denials: [ExitCounters.Count]
    /// Of the denials, those that nobody was told of.
    public var unreportedCount: UInt64
    public var fills: [Fill]

    /// Reasons for which packets do not get in.
    static let denying: Set<Reason> = [
        .deniedBefore, .deniedByPolicy, .deniedByDefault, .malformedDropped, .fragmentDropped, .policiesMissing, .reset,
    ]

    /// Looks at what is pinned.
    public init(_ pins: PinDirectory, state path: String) throws(AgentError) {
        let state = StateView(path)
        let pinned = try PinnedMaps(pins)
        let record = try AuthorizationRecord(inDirectory: path)
        let variables = try AgentError.wrapping { try pinned.authorizationVariables() }
        let exits = try pinned.exitCounts().filter { $0.hook == .xdpIngress }
        agent = state.agent
        decides = record?.decides
        policyCount = record?.policyCount ?? 0
        offload = try OffloadSwitch(inDirectory: path)
        isUserSpace = record.map { $0.decides != .compiled } ?? false || variables?.isUserSpace ?? false
        generation = variables?.generation ?? 0
        pods = try state.pods().sorted.map { pod throws(AgentError) in (pod, try PodEnforcement(of: pod, pins)) }
        denials = exits.filter { Self.denying.contains($0.reason) }
        unreportedCount = exits.first { $0.reason == .denialUnreported }?.count ?? 0
        let fills = try AgentError.wrapping { try pinned.authorizationFills() }
        self.fills = fills
        judgedCount = fills.first { $0.name == AuthorizationMapName.destination.rawValue }?.entryCount ?? 0
    }

    /// Who decides now, in words.
    public var mode: String {
        switch decides {
        case nil: "unknown: no agent has started here"
        case .compiled: isUserSpace ? "user space, because it is switched off" : "the kernel, on the first packet"
        case .offload: "user space; upstream's XDP engine is only simulated"
        case .userSpace: "user space"
        }
    }
}

extension PinnedMaps {
    /// The programs' variables about authorization; nil where they are not pinned.
    borrowing func authorizationVariables() throws -> (isUserSpace: Bool, generation: UInt32)? {
        guard let section = try pins.open(Dataplane.variablesName) else { return nil }
        let variables = ProgramVariables(adopting: section)
        return (try variables.userSpaceDecides(), try variables.authorizationGeneration())
    }

    /// How full the maps of policies are; those that are not pinned are left out.
    borrowing func authorizationFills() throws -> [AuthorizationStatus.Fill] {
        var fills: [AuthorizationStatus.Fill] = []
        for name in AuthorizationMapName.allCases {
            guard let map = try pins.open(name.rawValue) else { continue }
            let capacity = try map.withRaw { (raw) throws(LoadError) in
                try MapInformation(of: raw, name: name.rawValue).capacity
            }
            var count: Int?
            switch name {
            case .identity:
                count = try Self.count(
                    KernelMap<MapAddress, IdentityValue>(name: name.rawValue, capacity: capacity, adopting: map))
            case .destination:
                let buckets = KernelMap<UInt32, AuthorizationBucket>(
                    name: name.rawValue, capacity: capacity, adopting: map)
                var judged = 0
                try buckets.forEach { judged += $1.usedCount }
                fills.append(
                    .init(name: name.rawValue, entryCount: judged, capacity: capacity * Int(KM_BUCKET_SIZE)))
                continue
            default: count = nil
            }
            fills.append(.init(name: name.rawValue, entryCount: count, capacity: capacity))
        }
        return fills
    }

    private static func count<Key, Value>(_ map: consuming KernelMap<Key, Value>) throws(KernelError) -> Int {
        var count = 0
        try map.forEach { _, _ in count += 1 }
        return count
    }
}
