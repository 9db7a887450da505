import Model
import Sim

extension DifferenceReport {
    /// Rows that a table shows openly; a reviewer opens the rest.
    private static let openRowCount = 20
    /// Rows and ways beyond are left to JSON: comments have a limit.
    private static let mostRowCount = 60

    /// A comment for a review: a headline, tables of what matters most, and details to open.
    public var markdown: String {
        let names = DifferenceNames(difference)
        var blocks = ["## Mesh: \(headline)"]
        blocks.append("`\(before.joined(separator: " "))` → `\(after.joined(separator: " "))`, \(behaviour)")
        if let counts = verdictCounts { blocks.append(counts) }
        blocks += nodes.map { "> \(Self.escaped($0))" }
        blocks += table(
            "Verdicts", ["to", "ports", "from", "before", "after", "because"],
            difference.verdicts.map { Self.row(VerdictPhrases(names: names, change: $0)) })
        let destinations = difference.destinations.map { DestinationPhrases(names: names, change: $0) }
        blocks += table(
            "Destinations", ["to", "ports", "clients", "before", "after", "because"], destinations.map(Self.row))
        if !destinations.isEmpty {
            let lines = destinations.prefix(Self.mostRowCount).flatMap { phrases in
                ["- **\(Self.escaped(phrases.subjects))**, \(phrases.ports), \(Self.escaped(phrases.clients))"]
                    + phrases.ways.map { "  - \(Self.escaped(Self.text($0)))" }
            }
            let text = ([lines.joined(separator: "\n")] + Self.remainder(destinations.count)).joined(separator: "\n\n")
            blocks.append(Self.details("Every way, with its share before and after", text))
        }
        if !workloadLines.isEmpty {
            let counts = [
                "\(difference.addedWorkloads.count) added", "\(difference.removedWorkloads.count) removed",
            ].joined(separator: ", ")
            blocks.append(
                Self.details("Workloads: \(counts)", workloadLines.map { "- `\($0)`" }.joined(separator: "\n")))
        }
        return blocks.joined(separator: "\n\n") + "\n"
    }

    /// What a reviewer has to know first.
    private var verdictCounts: String? {
        guard !difference.verdicts.isEmpty else { return nil }
        let allowing = difference.verdicts.filter(\.after.isAllowed).count
        let denying = difference.verdicts.count - allowing
        return [
            allowing == 0
                ? nil : "\(counted(allowing, "change")) \(allowing == 1 ? "allows" : "allow") what was denied",
            denying == 0 ? nil : "\(counted(denying, "change")) \(denying == 1 ? "denies" : "deny") what was allowed",
        ].compactMap(\.self).map { "**\($0).**" }.joined(separator: " ")
    }

    private func table(_ title: String, _ columns: [String], _ rows: [[String]]) -> [String] {
        guard !rows.isEmpty else { return [] }
        func text(_ rows: ArraySlice<[String]>) -> String {
            ([columns, columns.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }
                .joined(separator: "\n")
        }
        let hidden = rows.prefix(Self.mostRowCount).dropFirst(Self.openRowCount)
        var blocks = ["### \(title)", text(rows.prefix(Self.openRowCount))]
        if !hidden.isEmpty { blocks.append(Self.details("\(hidden.count) more", text(hidden))) }
        return blocks + Self.remainder(rows.count)
    }

    private static func remainder(_ count: Int) -> [String] {
        count > mostRowCount ? ["And \(count - mostRowCount) more; the JSON output has them all."] : []
    }

    private static func row(_ phrases: VerdictPhrases) -> [String] {
        [
            phrases.destinations, phrases.ports, phrases.sources, VerdictPhrases.text(phrases.change.before),
            VerdictPhrases.text(phrases.change.after), phrases.causes.joined(separator: "; "),
        ].map(escaped)
    }

    private static func row(_ phrases: DestinationPhrases) -> [String] {
        [
            phrases.subjects, phrases.ports, phrases.clients, phrases.summary(isAfter: false),
            phrases.summary(isAfter: true), phrases.causes.joined(separator: "; "),
        ].map(escaped)
    }

    private static func text(_ way: DestinationPhrases.WayLine) -> String {
        let shares =
            way.before == way.after ? "\(way.after)" : "\(way.before) → \(way.after)"
        return "\(shares)\(way.ends.count > 1 ? " each" : ""): \(DifferenceNames.list(way.ends, most: 24))"
    }

    private static func details(_ summary: String, _ body: String) -> String {
        "<details>\n<summary>\(escaped(summary))</summary>\n\n\(body)\n\n</details>"
    }

    /// Names cannot end a cell, begin emphasis, mention people or be taken for HTML.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "|", "*", "_", "`", "\\", "[", "]", "~", "#": result += "\\\(character)"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "@": result += "&#64;"
            case "\n", "\r", "\r\n": result += " "
            default: result.append(character)
            }
        }
        return result
    }
}
