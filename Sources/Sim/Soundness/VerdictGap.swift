import Model

/// One of upstream's engines.
enum UpstreamEngine: String, Hashable, CaseIterable {
    case xdp = "XDP"
    case userSpace = "user space"

    var accidents: UpstreamAccidents { self == .xdp ? .xdp : .userSpace }
}

/// A connection about which an engine and the reference disagree, or a reply that XDP drops.
struct VerdictGap {
    let connection: JudgedConnection
    let engine: UpstreamEngine
    /// What the engine would have to do otherwise, as few things as suffice.
    let causes: UpstreamAccidents
    /// The policy that it is about; nil where it is about the destination.
    let policy: String?
    /// What the others say.
    let isAllowed: Bool
    let xdpPasses: Bool
    let userSpaceAllows: Bool

    /// Whether upstream lets in what is to be denied, with offload on; user space may deny it after the handshake.
    var failsOpen: Bool { !isAllowed && xdpPasses }

    /// Compares an engine with the reference; nil where they agree.
    /// - Parameters: the verdicts of the connection.
    init?(
        _ connection: JudgedConnection, _ engine: UpstreamEngine, isAllowed: Bool, xdpPasses: Bool,
        userSpaceAllows: Bool
    ) {
        guard (engine == .xdp ? xdpPasses : userSpaceAllows) != isAllowed else { return nil }
        self.connection = connection
        self.engine = engine
        self.isAllowed = isAllowed
        self.xdpPasses = xdpPasses
        self.userSpaceAllows = userSpaceAllows
        causes = Self.causes(connection, engine.accidents, isAllowed)
        policy = Self.policy(connection, engine.accidents, causes)
    }

    /// As few accidents as must be taken from all for the reference's verdict: the first one that suffices alone, else
    /// all up to where it turns, without those that are not needed.
    private static func causes(
        _ connection: JudgedConnection, _ all: UpstreamAccidents, _ isAllowed: Bool
    ) -> UpstreamAccidents {
        func turns(without taken: UpstreamAccidents) -> Bool {
            connection.verdict(all.subtracting(taken)).isAllowed == isAllowed
        }
        let candidates = UpstreamAccidents.all.map(\.accident).filter { !all.isDisjoint(with: $0) }
        if let one = candidates.first(where: { turns(without: $0) }) { return one }
        var taken: UpstreamAccidents = []
        for candidate in candidates where !turns(without: taken) { taken.formUnion(candidate) }
        for candidate in candidates where taken.contains(candidate) {
            let fewer = taken.subtracting(candidate)
            if turns(without: fewer) { taken = fewer }
        }
        return taken
    }

    /// The policy of which an engine makes something else, or that it leaves out.
    private static func policy(
        _ connection: JudgedConnection, _ all: UpstreamAccidents, _ causes: UpstreamAccidents
    ) -> String? {
        let repaired = all.subtracting(causes)
        if !causes.isDisjoint(with: [.missingPolicy, .emptyPolicy, .dryRun]) { return connection.verdict(all).policy }
        if !causes.isDisjoint(with: [.unreached, .otherOwner, .network, .otherClient]) { return nil }
        if !causes.isDisjoint(with: [.policyLimit, .scope, .order]) { return connection.verdict(repaired).policy }
        let changed = connection.destination.relevant.first {
            connection.outcome(of: $0, all) != connection.outcome(of: $0, repaired)
        }
        return changed?.resourceName ?? connection.verdict(all).policy
    }
}
