/// Evaluates policies for all classes of sources at once.
struct MatrixJudge {
    private let conditions: ConditionTable
    /// Of each condition on the source the classes for which it holds.
    private let holding: [ClassSet]
    private let everybody: ClassSet
    private let sourceCount: Int
    private var verdicts: [AuthorizationVerdict] = []
    private var verdictNumbers: [AuthorizationVerdict: Int32] = [:]
    /// By the numbers of both verdicts.
    private var decisionNumbers: [SIMD2<Int32>: Int32] = [:]
    /// Every decision so far, each once.
    private(set) var decisions: [AuthorizationMatrix.Decision] = []

    init(_ conditions: ConditionTable, _ partition: SourcePartition) {
        self.conditions = conditions
        sourceCount = partition.classes.count
        everybody = ClassSet(allBelow: sourceCount)
        holding = conditions.sources.indices.map { condition in
            var set = ClassSet(limit: partition.classes.count)
            for (number, signature) in partition.signatures.enumerated() where signature.contains(condition) {
                set.insert(number)
            }
            return set
        }
    }

    /// What is decided about each class of sources at one destination and port: indices into `decisions`.
    /// - Parameter policies: Those that apply, ordered by name.
    mutating func cells(_ policies: [Policy], _ destination: IPAddress, _ port: UInt16) -> [Int32] {
        let applied = policies.map { conditions[$0.resourceName] }
        let enforced = verdicts(applied.filter { !$0.isDryRun }, destination, port)
        let hasDryRun = applied.contains(where: \.isDryRun)
        let all = hasDryRun ? verdicts(applied, destination, port) : enforced
        return zip(enforced, all).map { decision($0, $1) }
    }

    private mutating func decision(_ enforced: Int32, _ all: Int32) -> Int32 {
        if let number = decisionNumbers[SIMD2(enforced, all)] { return number }
        let number = Int32(decisions.count)
        decisionNumbers[SIMD2(enforced, all)] = number
        decisions.append(.init(verdict: verdicts[Int(enforced)], dryRunVerdict: verdicts[Int(all)]))
        return number
    }

    private mutating func number(of verdict: AuthorizationVerdict) -> Int32 {
        if let number = verdictNumbers[verdict] { return number }
        let number = Int32(verdicts.count)
        verdictNumbers[verdict] = number
        verdicts.append(verdict)
        return number
    }

    /// By class of sources the number of the verdict, in the order of `ReferenceAuthorization`.
    private mutating func verdicts(
        _ policies: [ConditionTable.CompiledPolicy], _ destination: IPAddress, _ port: UInt16
    ) -> [Int32] {
        let hasAllow = policies.contains { $0.action == .allow }
        let byDefault = number(of: hasAllow ? .deniedByDefault : .allowedByDefault)
        var result = [Int32](repeating: byDefault, count: sourceCount)
        var undecided = everybody
        for action in [Policy.Action.deny, .allow] {
            for policy in policies where policy.action == action {
                for (index, rule) in policy.rules.enumerated() where !undecided.isEmpty {
                    let matching = sources(matching: rule, destination, port, among: undecided)
                    guard !matching.isEmpty else { continue }
                    let reference = RuleReference(policy: policy.name, rule: index)
                    let verdict = number(of: action == .deny ? .denied(by: reference) : .allowed(by: reference))
                    matching.forEach { result[$0] = verdict }
                    undecided.subtract(matching)
                }
            }
        }
        return result
    }

    private func sources(
        matching rule: [ConditionTable.Clause], _ destination: IPAddress, _ port: UInt16, among candidates: ClassSet
    ) -> ClassSet {
        var result = candidates
        for case let matches? in rule {
            var any = ClassSet(limit: sourceCount)
            for match in matches
            where match.ports.hold({ $0 == port }) && match.blocks.hold({ $0.contains(destination) }) {
                any.formUnion(holding[match.source])
            }
            result.formIntersection(any)
        }
        return result
    }
}
