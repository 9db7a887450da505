import Model
import Sim

/// A change of verdict in words.
struct VerdictPhrases {
    let names: DifferenceNames
    let change: VerdictChange

    var destinations: String { names.workloads(change.destinations) }

    /// Ports, and the family where not all that the destinations have is meant.
    var ports: String {
        let family = change.families == [.v6] ? " over IPv6" : change.families == [.v4] ? " over IPv4" : ""
        return change.ports.text + family
    }

    /// Workloads by identity, of many the first few; then addresses that nobody owns.
    var sources: String { DifferenceNames.list(sourceList) }

    var sourceList: [String] {
        guard case .some(let sources) = change.sources else { return ["anyone"] }
        var uids: [PeerIdentity?: [WorkloadUID]] = [:]
        var others: [String] = []
        for source in sources {
            switch source {
            case .workload(let uid, let identity): uids[identity, default: []].append(uid)
            case .nobody(let family, let block): others.append(Self.nobody(family, block))
            }
        }
        let identities = uids.keys.sorted { ($0?.principal ?? "") < ($1?.principal ?? "") }
        return identities.map { identity in
            let list = names.workloads(Array(Set(uids[identity] ?? [])).sorted(), most: 3)
            return identity.map { "\($0.principal) (\(list))" } ?? "\(list), without identity"
        } + others
    }

    private static func nobody(_ family: AddressFamily, _ block: Prefix?) -> String {
        let version = family == .v4 ? "IPv4" : "IPv6"
        return block.map { "addresses in \($0) that no workload owns" }
            ?? "other \(version) addresses that no workload owns"
    }

    /// `allowed by rule 1 of shop/db`.
    static func text(_ verdict: AuthorizationVerdict) -> String {
        switch verdict {
        case .allowedByDefault: "allowed: no DENY policy matches, and no ALLOW policy applies"
        case .allowed(let rule): "allowed by \(text(rule))"
        case .denied(let rule): "denied by \(text(rule))"
        case .deniedByDefault: "denied: ALLOW policies apply, and none matches"
        }
    }

    private static func text(_ rule: RuleReference) -> String { "rule \(rule.rule + 1) of policy \(rule.policy)" }

    /// Every cause, as clauses.
    var causes: [String] { change.causes.map(text) }

    private func text(of cause: VerdictCause) -> String {
        switch cause {
        case .policyAdded(let name): return "policy \(name) is new"
        case .policyRemoved(let name): return "policy \(name) is gone"
        case .policyEdited(let name): return "policy \(name) is another one"
        case .policySelects(let name):
            return "policy \(name) applies now: labels, namespace or network of the destination changed"
        case .policySelectsNoMore(let name):
            return "policy \(name) applies no more: labels, namespace or network of the destination changed"
        case .sourceIdentity(let before, let after):
            return
                "the source is \(after?.principal ?? "without identity"), was \(before?.principal ?? "without identity")"
        case .sourceAddress: return "the source has another address"
        case .destinationAddress: return "the destination has another address"
        }
    }
}
