public import CommandLineTool
public import Inputs
public import Model

/// What the soundness check found in a mesh, the worst first.
public struct FindingsReport: Sendable {
    private let findings: [Finding]
    private let notes: [InputNote]

    /// - Parameters:
    ///   - findings: In the order of the check.
    ///   - notes: What was left out of the sources.
    public init(_ findings: [Finding], notes: [InputNote]) {
        self.findings = findings
        self.notes = notes
    }

    /// Whether there is nothing but notes.
    public var isSuccess: Bool { findings.allSatisfy { $0.severity == .note } }

    // MARK: Text

    /// By severity; of each finding what every preset does with it. Ends with a summary.
    public func text(_ style: Style) -> String {
        var lines = notes.map { "left out: \($0)" }
        if !notes.isEmpty { lines.append("") }
        for severity in Severity.allCases {
            let found = findings.filter { $0.severity == severity }
            guard !found.isEmpty else { continue }
            lines.append(Self.paint("\(severity.rawValue)s", severity, style))
            lines += found.flatMap { Self.lines($0, style) }
            lines.append("")
        }
        lines.append(summary)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(_ finding: Finding, _ style: Style) -> [String] {
        let title = "  \(style.bold(finding.rule.rawValue))  \(finding.subject): \(finding.message)"
        let outcomes = Preset.allCases.map { outcome(finding, $0, style) }
        let example = finding.example.map(lines) ?? []
        guard Set(outcomes).count > 1 else { return [title, "    both presets: \(outcomes[0])"] + example }
        return [title] + zip(Preset.allCases, outcomes).map { "    \($0.rawValue): \($1)" } + example
    }

    private static func lines(_ example: Finding.Example) -> [String] {
        let indented = example.lines.enumerated().map {
            $0.offset == 0 ? "    e.g. \($0.element)" : "      \($0.element)"
        }
        return indented + ["      packet: \(example.packet)", "      \(Digits.hexadecimal(example.frame))"]
    }

    private static func outcome(_ finding: Finding, _ preset: Preset, _ style: Style) -> String {
        let mark = finding.failsOpen.contains(preset) ? " \(style.red("[fails open]"))" : ""
        return (finding.consequence[preset] ?? "") + mark
    }

    private static func paint(_ text: String, _ severity: Severity, _ style: Style) -> String {
        switch severity {
        case .error: style.red(text)
        case .warning: style.yellow(text)
        case .note: style.dim(text)
        }
    }

    private var summary: String {
        Severity.allCases.map { counted(count($0), $0.rawValue) }.joined(separator: ", ")
    }

    private func count(_ severity: Severity) -> Int { findings.filter { $0.severity == severity }.count }

    // MARK: JSON

    /// Everything, in the order of the text.
    public var json: JSONValue {
        [
            "success": .bool(isSuccess),
            "findings": .array(findings.map(Self.json)),
            "summary": .object(
                Severity.allCases.map { JSONValue.Member("\($0.rawValue)s", JSONValue(count($0))) }),
            "notes": .array(
                notes.map { ["place": placeJSON($0.file, $0.position), "text": .string($0.text)] as JSONValue }),
        ]
    }

    private static func json(_ finding: Finding) -> JSONValue {
        [
            "rule": .string(finding.rule.rawValue),
            "title": .string(finding.rule.title),
            "severity": .string(finding.severity.rawValue),
            "subject": .string(finding.subject),
            "message": .string(finding.message),
            "consequences": .object(
                Preset.allCases.map { preset in
                    let outcome: JSONValue = [
                        "text": JSONValue(finding.consequence[preset]),
                        "failsOpen": .bool(finding.failsOpen.contains(preset)),
                    ]
                    return JSONValue.Member(preset.rawValue, outcome)
                }),
            "example": finding.example.map(json) ?? .null,
        ]
    }

    private static func json(_ example: Finding.Example) -> JSONValue {
        [
            "lines": .array(example.lines.map { .string($0) }),
            "packet": ["desc": .string(example.packet), "hex": .string(Digits.hexadecimal(example.frame))],
        ]
    }
}
