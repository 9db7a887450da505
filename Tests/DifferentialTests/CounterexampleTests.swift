import Foundation
import KernelTestSupport
import Model
import Scenario
import Sim
import Testing

/// The way from a disagreement to a scenario, shown with a simulated twin that is wrong on purpose.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct CounterexampleTests {
    private static let group = CaseGenerator.group(1, seed: 1)

    /// The checks of a scenario that are not met.
    private static func unmet(_ text: String, at path: String) throws -> [String] {
        var runner = try ScenarioRunner(Scenario(text: text, file: path))
        return try runner.run().steps.flatMap(\.checks).filter { !$0.isMet }
            .map { "\($0.key): expected \($0.expected), got \($0.got)" }
    }

    @Test(arguments: [
        OptionName.noEndpoint, .missingEntry, .unlistedPort, .originalDestination, .mixedFamilies, .dnsReply,
        .managedTest, .controlAddress,
    ])
    func aDifferenceBecomesASmallScenarioThatShowsIt(_ option: OptionName) throws {
        var twin = try KernelTwin(Self.group)
        var generator = CaseGenerator(seed: 1, group: Self.group)
        var wrong = Self.group.options
        let value = try #require(
            DataplaneOptions.choices(of: option).first { choice in
                var other = wrong
                return other.set(option, to: choice) && other != wrong
            })
        let isSet = wrong.set(option, to: value)
        #expect(isSet)
        for caseSeed in 1...100 as ClosedRange<UInt64> {
            let test = generator.next(caseSeed: caseSeed)
            let result = try twin.compare(test, simulating: wrong)
            // Of when a report was made and who it was of, a socket remembers what no scenario can tell.
            guard let kind = result.disagreement?.kind, !["first reports", "storage"].contains(kind) else { continue }
            let directory = FileManager.default.temporaryDirectory
                .appending(path: "kmesh-difference-\(ProcessInfo.processInfo.processIdentifier)-\(option.rawValue)")
            defer { try? FileManager.default.removeItem(at: directory) }
            let example = try Counterexample(test, result, with: &twin, simulating: wrong, in: directory)
            let text = example.text(seed: 1, count: 1)
            #expect(example.test.steps.count <= 6, "\(text)")
            #expect(example.test.entries.count <= 8, "\(text)")
            let written = try String(contentsOfFile: example.path, encoding: .utf8)
            #expect(try Self.unmet(written, at: example.path) == [], "\(text)\n\(written)")
            let misled = example.scenario.text(changed: [option: value])
            #expect(try Self.unmet(misled, at: example.path) != [], "\(text)\n\(written)")
            return
        }
        Issue.record("no case tells \(option.rawValue) \(value) from what the kernel does")
    }
}
