import Inputs
import Model
import Scenario

extension ExpectationChecker {
    /// What is expected of authorization, one result for each part that is said.
    func check(
        _ expected: Located<ExpectedAuthorization>, _ evidence: Evidence
    ) throws(InputError) -> [CheckResult] {
        var checks: [CheckResult] = []
        func add(_ part: String?, _ wanted: String, _ text: (Judgement?) -> String, _ isMet: (Judgement?) -> Bool) {
            checks.append(
                CheckResult(
                    key: part.map { "authorization.\($0)" } ?? "authorization", expected: wanted,
                    got: self.text(of: evidence.judgements, text),
                    isMet: !evidence.judgements.isEmpty && evidence.judgements.keys.allSatisfy(isMet),
                    place: expected.place))
        }
        if let verdict = expected.value.verdict {
            add(nil, verdict.rawValue, Self.verdict) { ($0?.isAllowed ?? true) == (verdict == .allowed) }
        }
        if let policy = expected.value.policy {
            let wanted = try self.policy(policy, expected.place)
            add("policy", wanted ?? "none", { $0?.policy ?? "none" }, { $0?.policy == wanted })
        }
        if let rule = expected.value.rule {
            add("rule", "\(rule)", Self.rule) { $0?.rule == rule }
        }
        if let engine = expected.value.engine {
            add("engine", engine.rawValue, { $0?.engine.rawValue ?? "none" }, { $0?.engine == engine })
        }
        if let dryRun = expected.value.dryRun {
            add("dryRun", dryRun.rawValue, { Self.dryRun($0).rawValue }, { Self.dryRun($0) == dryRun })
        }
        return checks
    }

    /// What there was, and how many times each where there were several.
    private func text(of judgements: [Judgement?: Int], _ text: (Judgement?) -> String) -> String {
        var counts: [String: Int] = [:]
        for (judgement, count) in judgements { counts[text(judgement), default: 0] += count }
        let sorted = counts.sorted { $0.key < $1.key }
        return list(sorted.map { counts.count > 1 ? "\($0.key) × \($0.value)" : $0.key })
    }

    private static func verdict(_ judgement: Judgement?) -> String {
        judgement?.description ?? "allowed, nobody judged"
    }

    private static func rule(_ judgement: Judgement?) -> String { judgement?.rule.map { "\($0)" } ?? "none" }

    private static func dryRun(_ judgement: Judgement?) -> ExpectedAuthorization.DryRun {
        guard let dryRun = judgement?.dryRun else { return .none }
        return dryRun.isAllowed ? .allowed : .denied
    }

    /// - Throws: for a policy that the mesh does not have.
    private func policy(_ name: ExpectedAuthorization.PolicyName, _ place: Place) throws(InputError) -> String? {
        guard case .named(let name) = name else { return nil }
        guard world.mesh.policies[name] == nil else { return name }
        let hint = nearestName(to: name, in: world.mesh.policies.keys.sorted()).map { "; did you mean \($0)?" } ?? ""
        throw place.error("there is no policy named \"\(name)\"\(hint)")
    }
}
