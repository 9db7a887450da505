import CommandLineTool
import Model
import Scenario
import Sim
import Testing

@testable import SimOutput

private func runs(_ path: String, _ presets: [Preset] = [.hardened]) throws -> [ScenarioResult] {
    let scenario = try Scenario(reading: "\(packageDirectory)/\(path)")
    return try presets.map { preset in
        var runner = try ScenarioRunner(scenario, .init(preset: preset))
        return try runner.run()
    }
}

private let books = "scenarios/books.yaml"
private let bank = "scenarios/unknown-spi.yaml"
private let failing = "Tests/Fixtures/scenarios/failing.yaml"

struct TextCase: CustomTestStringConvertible {
    let testDescription: String
    var scenarios: [String]
    var detail = TraceDetail.decisions
    var presets = [Preset.hardened]
    var isQuiet = false
}

@Test(arguments: [
    TextCase(testDescription: "books", scenarios: [books]),
    TextCase(testDescription: "books-full", scenarios: [books], detail: .full),
    TextCase(testDescription: "books-presets", scenarios: [books], presets: [.upstream, .hardened]),
    TextCase(testDescription: "failing", scenarios: [failing]),
    TextCase(testDescription: "unknown-spi-full-presets", scenarios: [bank], detail: .full, presets: Preset.allCases),
    TextCase(testDescription: "failing-full-presets", scenarios: [failing], detail: .full, presets: Preset.allCases),
    TextCase(testDescription: "both-off", scenarios: [books, failing], detail: .off, presets: Preset.allCases),
    TextCase(testDescription: "both-quiet", scenarios: [books, failing], isQuiet: true),
])
func textIsGolden(_ c: TextCase) throws {
    var summary = RunSummary()
    var text = ""
    for scenario in c.scenarios {
        let runs = try runs(scenario, c.presets)
        summary.add(runs)
        text += RunText(c.detail, isQuiet: c.isQuiet).text(runs)
    }
    try expectGolden(text + summary.text(.plain), "\(c.testDescription).txt")
}

@Test func jsonIsGolden() throws {
    for (hasTraces, name) in [(false, "books.json"), (true, "books-full.json")] {
        var document = RunJSON(hasTraces: hasTraces)
        document.add(try runs(books))
        try expectGolden(document.document.pretty + "\n", name)
    }
}

@Test func junitIsGolden() throws {
    var report = JUnitReport()
    report.add(try runs(books, Preset.allCases))
    report.add(try runs(failing))
    try expectGolden(report.document, "junit.xml")
}

@Test func colourIsOnlyInStyledText() throws {
    let runs = try runs(failing)
    #expect(!RunText(.full).text(runs).contains("\u{1B}"))
    let styled = RunText(.full, style: .ansi).text(runs)
    #expect(styled.contains("\u{1B}[31mFAILED\u{1B}[0m"))
    var plain = styled
    while let start = plain.range(of: "\u{1B}["), let end = plain[start.upperBound...].firstIndex(of: "m") {
        plain.removeSubrange(start.lowerBound...end)
    }
    #expect(plain == RunText(.full).text(runs))
}

@Test func presetsAreComparedByWaysAndNotByCounts() throws {
    #expect(differingSteps(try runs(failing, Preset.allCases)) == [6])
    #expect(differingSteps(try runs(failing)) == [])
    let scenario = try Scenario(reading: "\(packageDirectory)/\(books)")
    let seeds = try [UInt64(1), 2].map { seed in
        var runner = try ScenarioRunner(scenario, .init(seed: seed))
        return try runner.run()
    }
    #expect(seeds[0].steps[1].groups.map(\.count) != seeds[1].steps[1].groups.map(\.count))
    #expect(differingSteps(seeds) == [])
}
