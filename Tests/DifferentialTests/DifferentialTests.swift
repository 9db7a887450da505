import Foundation
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
        let caseCount = Int(Self.setting("COUNT") ?? 480)
        let groupCount = CaseGenerator.groupCount
        var progress = Progress(total: caseCount)
        var exits: [StepOutcome.Exit: Int] = [:]
        for index in 0..<groupCount {
            let group = CaseGenerator.group(index, seed: seed)
            var generator = CaseGenerator(seed: seed, group: group)
            var twin = try KernelTwin(group)
            // The first groups, which are the presets, take what is left over.
            let share = caseCount / groupCount + (index < caseCount % groupCount ? 1 : 0)
            for number in 0..<share {
                let test = generator.next(caseSeed: seed &* 1_000_003 &+ UInt64(index * 1_000_000 + number))
                let result = try twin.compare(test)
                exits.merge(result.exits, uniquingKeysWith: +)
                progress.add(result)
                guard result.disagreement != nil else { continue }
                let directory = Counterexample.directory("\(seed)-\(test.caseSeed)")
                let example = try Counterexample(test, result, with: &twin, in: directory)
                Issue.record("group \(index): \(example.text(seed: seed, count: caseCount))")
                return
            }
        }
        print("the twins agree on \(caseCount) cases with \(progress.connectCount) connects, seed \(seed)")
        // Few cases do not meet every rule, and which do is the seed's affair.
        guard Self.setting("SEED") == nil, Self.setting("COUNT") == nil else { return }
        let missing = ReachableExits.all.filter { exits[$0] == nil }
        #expect(missing.isEmpty, "no case with seed \(seed) met \(missing)")
        let unforeseen = exits.keys.filter { !ReachableExits.all.contains($0) }
        #expect(unforeseen.isEmpty, "not in the list of what can happen: \(unforeseen)")
    }
}

/// Tells on standard error how far a long run is.
private struct Progress {
    private let total: Int
    private var done = 0
    private(set) var connectCount = 0
    private var nextReport = ContinuousClock.now + .seconds(5)

    init(total: Int) { self.total = total }

    mutating func add(_ result: Comparison) {
        done += 1
        connectCount += result.connectCount
        guard ContinuousClock.now >= nextReport else { return }
        nextReport = ContinuousClock.now + .seconds(5)
        FileHandle.standardError.write(Data("\(done) of \(total) cases, \(connectCount) connects\n".utf8))
    }
}
