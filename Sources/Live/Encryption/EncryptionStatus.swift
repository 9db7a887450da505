import Inputs
public import Model

/// What is known of encryption on this host, with and without an agent.
public struct EncryptionStatus: Sendable {
    /// What becomes of packets to a node's pods.
    public enum Sending: String, Hashable, Sendable {
        case encrypted
        /// Kept in, because they cannot be encrypted: by a policy, or because the state that it names is not there.
        case blocked
        /// Some of its prefixes are encrypted or blocked, and others are not.
        case partly
        /// Nothing stands in the kernel.
        case none
    }

    /// How a node's version of the key stands to this node's.
    public enum Standing: String, Hashable, Sendable, CaseIterable {
        case same
        /// It receives under an earlier key; this node sends to it under that one.
        case behind
        /// It receives under a later key, which this node has not yet, or uses not yet.
        case ahead
        /// It receives under an earlier key that no key file here has had.
        case unknown
    }

    /// Another node.
    public struct Peer: Hashable, Sendable {
        public var node: String
        public var info: NodeEncryption
        public var standing: Standing
        /// Whether the state for what it sends under this node's key is in the kernel.
        public var isHeard: Bool
        public var sending: Sending
        /// Of the states that are in the kernel.
        public var receivedCount: UInt64
        public var sentCount: UInt64
    }

    /// The agent's process id, nil when none runs.
    public var agent: Int32?
    public var report: EncryptionReport
    /// By name.
    public var peers: [Peer]
    /// What is ours in the kernel.
    public var stateCount: Int
    public var policyCount: Int
    /// Of this network namespace.
    public var counters: [XFRMCounter: UInt64]
    /// What the programs at interfaces did.
    public var exits: [ExitCounters.Count]

    /// Looks at what the agent says, and at the kernel.
    /// - Throws: where no agent has set encryption up here.
    public init(_ pins: PinDirectory, state path: String) throws(AgentError) {
        guard let report = try EncryptionReport(inDirectory: path),
            let ours = try EncryptionRecord.identities(inDirectory: path)
        else {
            throw .refused(
                "no agent has set up encryption with \(path); start it with --encryption-key and --node-info")
        }
        let socket = try AgentError.kernel { () throws(KernelError) in try XFRMSocket() }
        let states = try AgentError.kernel { () throws(KernelError) in try socket.states() }
            .filter { ours.states.contains($0.id) }
        let policies = try AgentError.kernel { () throws(KernelError) in try socket.policies() }
            .filter { ours.policies.contains($0.id) }.compactMap(\.policy)
        agent = StateView(path).agent
        self.report = report
        let maps = try AgentError.wrapping { try EncryptionKernelMaps.pinned(in: pins) }
        let prefixes = try AgentError.kernel { () throws(KernelError) in try maps?.prefixes() } ?? []
        peers = Self.peers(of: report, states, policies, nodeInfo: Set(prefixes))
        (stateCount, policyCount) = (states.count, policies.count)
        counters = try AgentError.wrapping { try XFRMCounter.counts() }
        let counts = Dataplane.isPinned(in: pins) ? try PinnedMaps(pins).exitCounts() : []
        exits = counts.filter { $0.hook == .tcPod || $0.hook == .tcUplink }
    }

    /// The others, as their states and policies stand.
    /// - Parameter nodeInfo: Where packets are marked for encryption.
    static func peers(
        of report: EncryptionReport, _ states: [XFRMSocket.FoundState], _ policies: [XFRMPolicy],
        nodeInfo: Set<Prefix>
    ) -> [Peer] {
        let ids = Set(states.map(\.id))
        var incoming: [IPAddress: [XFRMSocket.FoundState]] = [:]
        var outgoing: [IPAddress: [XFRMSocket.FoundState]] = [:]
        for found in states {
            if report.local.addresses.contains(found.id.destination) {
                if let source = found.state?.source { incoming[source, default: []].append(found) }
            } else {
                outgoing[found.id.destination, default: []].append(found)
            }
        }
        var marked: [Prefix: XFRMPolicy] = [:]
        for policy in policies where policy.direction == .out && policy.mark.matches(.encrypt) && policy.mark != .any {
            marked[policy.selector.destination] = policy
        }
        return report.peers.keys.sorted().compactMap { name in
            guard let info = report.peers[name] else { return nil }
            let own = info.addresses.flatMap { incoming[$0] ?? [] }
            let its = info.addresses.flatMap { outgoing[$0] ?? [] }
            return Peer(
                node: name, info: info, standing: report.standing(of: info.spi),
                isHeard: own.contains { $0.id.spi == report.local.spi },
                sending: sending(info.podPrefixes.map { nodeInfo.contains($0) ? marked[$0] : nil }, ids),
                receivedCount: own.reduce(0) { $0 + $1.packetCount }, sentCount: its.reduce(0) { $0 + $1.packetCount })
        }
    }

    /// - Parameter policies: Of each prefix; nil where its packets are not marked, or no policy is for them.
    private static func sending(_ policies: [XFRMPolicy?], _ states: Set<XFRMState.ID>) -> Sending {
        let all = Set(
            policies.map { policy -> Sending in
                guard let policy else { return .none }
                guard policy.action == .allow else { return .blocked }
                let isWhole = policy.templates.allSatisfy { template in
                    template.spi.map { states.contains(.init(destination: template.destination, spi: $0)) } ?? true
                }
                return isWhole ? .encrypted : .blocked
            })
        return all.count > 1 ? .partly : all.first ?? .none
    }

    /// Packets in clear that were refused, and those that got in or that could not be read.
    public var leaks: [ExitCounters.Count] {
        let reasons: Set<Reason> = [.clearFromPeer, .strayMarkCleared, .unreadableDropped, .espUnmarked]
        return exits.filter { reasons.contains($0.reason) }
    }

    /// Whether all nodes are heard and sent to encrypted, nothing else is wrong, and an agent sees to it that it stays so.
    public var isWhole: Bool {
        agent != nil && report.problems.isEmpty && peers.allSatisfy { $0.isHeard && $0.sending == .encrypted }
    }
}

extension EncryptionReport {
    /// How a version of the key stands to this node's.
    public func standing(of spi: SPI) -> EncryptionStatus.Standing {
        if !knownSPIs.contains(spi) { return spi > local.spi ? .ahead : .unknown }
        return spi == local.spi ? .same : spi < local.spi ? .behind : .ahead
    }
}
