import Glibc
import KernelTestSupport
import Model
import Testing

/// Both twins run the same random cases. SEED=… repeats other ones, COUNT=… runs more (make differential).
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct DifferentialTests {
    /// A number from the environment.
    static func setting(_ name: String) -> UInt64? {
        // getenv(3) reads its text up to the end, which Swift provides.
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe Digits.decimal(String(cString: text))
    }

    @Test func theTwinsAgreeOnRandomCases() throws {
        let seed = Self.setting("SEED") ?? 1
        let caseCount = Int(Self.setting("COUNT") ?? 520)
        let groupCount = CaseGenerator.groupCount
        var connectCount = 0
        var exits: [StepOutcome.Exit: Int] = [:]
        for index in 0..<groupCount {
            let group = CaseGenerator.group(index, seed: seed)
            var generator = CaseGenerator(seed: seed, group: group)
            var twin = try KernelTwin(group)
            for number in 0..<max(1, caseCount / groupCount) {
                let test = generator.next(caseSeed: seed &* 1_000_003 &+ UInt64(index * 1_000_000 + number))
                let result = try twin.compare(test)
                connectCount += result.connectCount
                exits.merge(result.exits, uniquingKeysWith: +)
                if let disagreement = result.disagreement {
                    let steps = test.steps.prefix(disagreement.step + 1).map(\.description).joined(separator: "\n")
                    Issue.record("group \(index) \(group), case \(test.caseSeed): \(disagreement)\n\(steps)")
                    return
                }
            }
        }
        print("the twins agree on \(caseCount) cases with \(connectCount) connects")
        // Few cases do not meet every rule, and which do is the seed's affair.
        guard Self.setting("SEED") == nil, Self.setting("COUNT") == nil else { return }
        let missing = ReachableExits.all.filter { exits[$0] == nil }
        #expect(missing.isEmpty, "no case with seed \(seed) met \(missing)")
        let unforeseen = exits.keys.filter { !ReachableExits.all.contains($0) }
        #expect(unforeseen.isEmpty, "not in the list of what can happen: \(unforeseen)")
    }
}
