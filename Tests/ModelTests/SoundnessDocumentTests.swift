import Foundation
import Model
import Testing

@Suite struct SoundnessDocumentTests {
    /// The cells of each row in the table of rules; the first is the rule's name.
    private func rows() throws -> [[String]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/checks.md"), encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func theTableHasARowForEachRuleInOrder() throws {
        #expect(try rows().map { $0[0] } == SoundnessRule.allCases.map { "`\($0.rawValue)`" })
    }

    @Test func theTableHasTheTitlesOfTheRules() throws {
        let rows = try rows()
        #expect(rows.map { $0.count > 1 ? $0[1] : "" } == SoundnessRule.allCases.map(\.title))
        #expect(rows.allSatisfy { $0.count == 5 && !$0.contains("") })
    }
}
