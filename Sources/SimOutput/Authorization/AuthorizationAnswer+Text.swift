public import CommandLineTool
import Model
public import Sim

extension AuthorizationAnswer {
    /// The verdict of each class, and what every policy that applies has to do with it.
    public func text(_ style: Style) -> String {
        var lines = [style.bold("\(source) → \(target)")]
        lines += notes.map { "  note: \($0)" }
        for one in cases { lines += [""] + AuthorizationCaseText(style: style).lines(one) }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// One case of an answer.
private struct AuthorizationCaseText {
    let style: Style

    func lines(_ one: AuthorizationAnswer.Case) -> [String] {
        let explanation = one.explanation
        let verdict = explanation.verdict
        let word = AuthorizationPhrases.word(verdict)
        let text = AuthorizationPhrases.text(verdict).dropFirst(word.count)
        let from = AuthorizationPhrases.few(AuthorizationPhrases.members(one.source))
        let to = AuthorizationPhrases.few(AuthorizationPhrases.members(one.destination))
        var lines = ["\(from) → \(to), port \(one.port)"]
        lines.append("  \(verdict.isAllowed ? style.green(word) : style.red(word))\(text)")
        lines += policies(explanation.policies)
        if explanation.policies.contains(where: \.isDryRun) {
            let would = AuthorizationPhrases.text(explanation.dryRunVerdict)
            lines.append("  if dry runs were enforced: \(explanation.dryRunsMatter ? would : "the same")")
        }
        lines += one.missing.map { "  policy \($0) is listed by the workload but does not exist" }
        return lines
    }

    private func policies(_ policies: [PolicyExplanation]) -> [String] {
        let kinds = policies.map { $0.action.rawValue.uppercased() + ($0.isDryRun ? " (dry run)" : "") }
        let nameWidth = policies.map(\.name.count).max() ?? 0
        let kindWidth = kinds.map(\.count).max() ?? 0
        return zip(policies, kinds).flatMap { policy, kind in
            let outcome = outcome(policy)
            let head = "  \(padded(policy.name, to: nameWidth))  \(padded(kind, to: kindWidth))  \(outcome[0])"
            return [head] + outcome.dropFirst().map { "      \($0)" }
        }
    }

    private func outcome(_ policy: PolicyExplanation) -> [String] {
        switch policy.outcome {
        case .withoutRules: return ["never matches: it has no rules"]
        case .matched(let matched):
            let clauses = matched.matches.enumerated().compactMap { clause, match in
                match.map { "clause \(clause + 1) by match \($0 + 1)" }
            }
            guard !clauses.isEmpty else { return ["matches by rule \(matched.rule + 1), which has no conditions"] }
            return ["matches by rule \(matched.rule + 1): \(clauses.joined(separator: ", "))"]
        case .missed(let miss):
            let conditions = miss.clauses.flatMap { clause in
                clause.conditions.map { condition in
                    "rule \(miss.rule + 1), clause \(clause.clause + 1), match \(clause.match + 1): \(condition.text)"
                }
            }
            return ["does not match; nearest:"] + conditions
        }
    }
}
