/// Policies in the form in which a matrix evaluates them: what their matches ask of the source is numbered, each
/// different condition once.
struct ConditionTable {
    /// All that a match asks of the source.
    struct SourceCondition: Hashable {
        let namespaces: PolicyMatch.Values<StringMatch>
        let principals: PolicyMatch.Values<StringMatch>
        let serviceAccounts: PolicyMatch.Values<PolicyMatch.ServiceAccount>
        let blocks: PolicyMatch.Values<Prefix>

        init(_ match: PolicyMatch) {
            namespaces = match.namespaces
            principals = match.principals
            serviceAccounts = match.serviceAccounts
            blocks = match.sourceBlocks
        }
    }

    /// A match that names something.
    struct Match {
        /// Into `sources`.
        let source: Int
        let blocks: PolicyMatch.Values<Prefix>
        let ports: PolicyMatch.Values<UInt16>
    }

    /// Matches of which one suffices; nil where there are none, so that the clause matches. Matches that name nothing
    /// are left out: they never hold.
    typealias Clause = [Match]?

    /// A policy, its rules as lists of clauses.
    struct CompiledPolicy {
        let name: String
        let action: Policy.Action
        let isDryRun: Bool
        let rules: [[Clause]]

        var matches: [Match] { rules.flatMap { $0.flatMap { $0 ?? [] } } }
    }

    /// Each once.
    private(set) var sources: [SourceCondition] = []
    private var numbers: [SourceCondition: Int] = [:]
    private var policies: [String: CompiledPolicy] = [:]

    /// - Parameter policies: Those that apply anywhere; the same one may come several times.
    init(_ policies: some Sequence<Policy>) {
        for policy in policies where self.policies[policy.resourceName] == nil {
            self.policies[policy.resourceName] = compiled(policy)
        }
    }

    /// A policy that the table was made of.
    subscript(name: String) -> CompiledPolicy {
        guard let policy = policies[name] else { preconditionFailure("policy \(name) is not in the table") }
        return policy
    }

    private mutating func compiled(_ policy: Policy) -> CompiledPolicy {
        var rules: [[Clause]] = []
        for rule in policy.rules {
            var clauses: [Clause] = []
            for clause in rule.clauses {
                guard !clause.matches.isEmpty else {
                    clauses.append(nil)
                    continue
                }
                var matches: [Match] = []
                for match in clause.matches where !match.isEmpty {
                    let source = number(of: SourceCondition(match))
                    matches.append(
                        Match(source: source, blocks: match.destinationBlocks, ports: match.destinationPorts))
                }
                clauses.append(matches)
            }
            rules.append(clauses)
        }
        return CompiledPolicy(
            name: policy.resourceName, action: policy.action, isDryRun: policy.isDryRun, rules: rules)
    }

    private mutating func number(of condition: SourceCondition) -> Int {
        if let number = numbers[condition] { return number }
        numbers[condition] = sources.count
        sources.append(condition)
        return sources.count - 1
    }
}

extension ConditionTable.SourceCondition {
    /// Whether what the condition asks of an identity holds, as in `PolicyMatch.holds`.
    /// - Parameter principal: Of the identity.
    func holds(for identity: PeerIdentity, principal: String) -> Bool {
        namespaces.hold { $0.matches(identity.namespace) } && principals.hold { $0.matches(principal) }
            && serviceAccounts.hold { $0.namespace == identity.namespace && $0.name == identity.serviceAccount }
    }

    /// Whether it holds without an identity: nothing is what it must be.
    var holdsForNobody: Bool { namespaces.any.isEmpty && principals.any.isEmpty && serviceAccounts.any.isEmpty }
}
