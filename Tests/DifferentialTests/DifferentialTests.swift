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
        let groupCount = 8
        var connectCount = 0
        for index in 0..<groupCount {
            let group = CaseGenerator.group(index, seed: seed)
            var generator = CaseGenerator(seed: seed, group: group)
            var twin = try KernelTwin(group)
            for number in 0..<(caseCount / groupCount) {
                let test = generator.next(caseSeed: seed &* 1_000_003 &+ UInt64(index * 1_000_000 + number))
                let (disagreement, connects) = try twin.compare(test)
                connectCount += connects
                if let disagreement {
                    let steps = test.steps.prefix(disagreement.step + 1).map(\.description).joined(separator: "\n")
                    Issue.record("group \(index) \(group), case \(test.caseSeed): \(disagreement)\n\(steps)")
                    return
                }
            }
        }
        print("the twins agree on \(caseCount) cases with \(connectCount) connects")
    }
}
