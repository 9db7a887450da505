import Model

/// What comes of a connection when an engine has some of upstream's accidents.
struct AccidentalVerdict: Hashable {
    var isAllowed: Bool
    /// The policy that decides: one that matches, ends the walk, or is an ALLOW that misses.
    var policy: String?
}

/// A connection that the engines judge.
struct JudgedConnection {
    let source: JudgedSource
    let destination: JudgedDestination
    let port: UInt16
    private let tuple: UpstreamTuple
    private let scene: AuthorizationScene

    init(_ source: JudgedSource, _ destination: JudgedDestination, port: UInt16, _ scene: AuthorizationScene) {
        self.source = source
        self.destination = destination
        self.port = port
        self.scene = scene
        tuple = UpstreamTuple(
            source: SocketAddress(source.address, port: 0), destination: SocketAddress(destination.address, port: port))
    }

    /// The connection at another port.
    func at(port: UInt16) -> JudgedConnection { JudgedConnection(source, destination, port: port, scene) }

    /// The verdict of the reference with some accidents put in.
    func verdict(_ accidents: UpstreamAccidents) -> AccidentalVerdict {
        if accidents.contains(.network), destination.known == nil { return .init(isAllowed: false) }
        if accidents.contains(.unreached), destination.reach == .nowhere { return .init(isAllowed: true) }
        let (policies, missing) = policies(accidents)
        var (missedAllow, unlooked): (String?, String?)
        for policy in policies {
            if policy.rules.isEmpty, accidents.contains(.emptyPolicy) {
                return .init(isAllowed: true, policy: policy.resourceName)
            }
            switch outcome(of: policy, accidents) {
            case .matched: return .init(isAllowed: policy.action == .allow, policy: policy.resourceName)
            case .missed(let hasNames):
                if hasNames { unlooked = unlooked ?? policy.resourceName }
                if policy.action == .allow { missedAllow = missedAllow ?? policy.resourceName }
            }
        }
        if accidents.contains([.names, .handOver]), let unlooked { return .init(isAllowed: true, policy: unlooked) }
        return .init(isAllowed: missedAllow == nil, policy: missedAllow ?? missing)
    }

    // MARK: Which policies

    /// The policies in the order in which they are asked, and the name at which the walk ends.
    private func policies(_ accidents: UpstreamAccidents) -> (policies: [Policy], missing: String?) {
        let isOther = accidents.contains(.otherOwner)
        var policies: [Policy] = []
        var missing: String?
        if accidents.isDisjoint(with: [.policyLimit, .scope, .missingPolicy, .order]) {
            policies = isOther && destination.known != nil ? destination.knownPolicies : destination.applied
        } else {
            let listed = isOther ? destination.reachedList : destination.owner.policies
            for name in accidents.contains(.policyLimit) ? listed.prefix(4) : listed[...] {
                if let policy = scene.mesh.policies[name],
                    scene.stored.contains(name) || !accidents.contains(.missingPolicy)
                {
                    policies.append(policy)
                } else if accidents.contains(.missingPolicy) {
                    missing = name
                    break
                }
            }
            if !accidents.contains(.scope) {
                let names = Set(listed)
                policies += destination.applied.filter { !names.contains($0.resourceName) }
            }
        }
        if !accidents.contains(.dryRun) { policies.removeAll { $0.isDryRun } }
        if !accidents.contains(.order) {
            policies = policies.filter { $0.action == .deny } + policies.filter { $0.action == .allow }
        }
        return (policies, missing)
    }

    // MARK: One policy

    /// What a connection comes to in one policy.
    enum Outcome: Hashable {
        case matched
        /// `hasNames`: a match that failed has namespaces or principals.
        case missed(hasNames: Bool)
    }

    /// Whether a policy matches.
    func outcome(of policy: Policy, _ accidents: UpstreamAccidents) -> Outcome {
        var hasNames = false
        for rule in accidents.contains(.firstRule) ? policy.rules.prefix(1) : policy.rules[...] {
            if matches(rule, accidents, &hasNames) { return .matched }
        }
        return .missed(hasNames: hasNames)
    }

    private func matches(_ rule: Policy.Rule, _ accidents: UpstreamAccidents, _ hasNames: inout Bool) -> Bool {
        for clause in first(rule.clauses, accidents) {
            if clause.matches.isEmpty, !accidents.contains(.emptyParts) { continue }
            guard first(clause.matches, accidents).contains(where: { holds($0, accidents, &hasNames) }) else {
                return false
            }
        }
        return true
    }

    private func first<Element>(_ list: [Element], _ accidents: UpstreamAccidents) -> ArraySlice<Element> {
        accidents.contains(.fourParts) ? list.prefix(UpstreamXDPPolicy.limit) : list[...]
    }

    private func holds(_ match: PolicyMatch, _ accidents: UpstreamAccidents, _ hasNames: inout Bool) -> Bool {
        if accidents.contains(.emptyParts) || !match.isEmpty(accidents) {
            let ports = match.destinationPorts
            let seen = PolicyMatch.Values(Array(first(ports.any, accidents)), not: Array(first(ports.none, accidents)))
            if seen.areMet({ $0 == port }), source.holds(match, accidents),
                blocksHold(match.sourceBlocks, .source, accidents),
                blocksHold(match.destinationBlocks, .destination, accidents)
            {
                return true
            }
        }
        hasNames = hasNames || match.names(.namespaces) || match.names(.principals)
        return false
    }

    /// Whether the blocks of a kind hold.
    func blocksHold(
        _ blocks: PolicyMatch.Values<Prefix>, _ side: UpstreamXDPPolicy.Block.Side, _ accidents: UpstreamAccidents
    ) -> Bool {
        var blocks = blocks
        if accidents.contains(.firstBlock) {
            blocks = PolicyMatch.Values(Array(blocks.any.prefix(1)), not: Array(blocks.none.prefix(1)))
        }
        if accidents.contains(.excludedBlocks), blocks.any.isEmpty, !blocks.none.isEmpty { return false }
        let address = side == .source ? source.address : destination.address
        return blocks.areMet { block in
            if accidents.contains(.packedBlocks) {
                return UpstreamXDPPolicy.Block(block).contains(side, of: tuple)
            }
            return accidents.contains(.mappedBlocks) ? block.upstreamContains(address) : block.contains(address)
        }
    }
}

extension JudgedSource {
    /// Whether what a match asks of names holds.
    func holds(_ match: PolicyMatch, _ accidents: UpstreamAccidents) -> Bool {
        let asksNames = !accidents.contains(.names) && (match.names(.namespaces) || match.names(.principals))
        let asksAccounts = !accidents.contains(.serviceAccounts) && match.names(.serviceAccounts)
        guard asksNames || asksAccounts else { return true }
        let identity = identity(accidents)
        func holds(_ name: StringMatch, _ text: String) -> Bool {
            accidents.contains(.presence) ? UpstreamPolicy.StringMatch(name).matches(text) : name.matches(text)
        }
        if asksNames {
            guard match.namespaces.areMet({ name in identity.map { holds(name, $0.namespace) } ?? false }) else {
                return false
            }
            if match.names(.principals) {
                let principal = identity?.principal
                guard match.principals.areMet({ name in principal.map { holds(name, $0) } ?? false }) else {
                    return false
                }
            }
        }
        guard asksAccounts else { return true }
        return match.serviceAccounts.areMet {
            $0.namespace == identity?.namespace && $0.name == identity?.serviceAccount
        }
    }
}

extension PolicyMatch {
    /// Whether no kind is named that is seen.
    fileprivate func isEmpty(_ accidents: UpstreamAccidents) -> Bool {
        !namedKinds.contains { $0 != .serviceAccounts || !accidents.contains(.serviceAccounts) }
    }
}

extension PolicyMatch.Values {
    /// Whether the condition holds, where `test` tells which values do.
    fileprivate func areMet(_ test: (Value) -> Bool) -> Bool {
        (any.isEmpty || any.contains(where: test)) && !none.contains(where: test)
    }
}
