import CommandLineTool
import Live

/// What `doctor` prints.
struct DoctorReport {
    let checks: [Check]

    /// Text is wrapped to this width, but for words that are longer.
    private static let width = 100

    /// Whether nothing that the agent needs is missing or unknown.
    var canRun: Bool { checks.allSatisfy(\.isSufficient) }

    /// For scripts: `{"canRun": true, "checks": [{"name": …, "state": …, "detail": …, "remedy": …}]}`.
    var json: JSONValue {
        [
            "canRun": .bool(canRun),
            "checks": .array(
                checks.map { check in
                    [
                        "name": .string(check.name), "state": .string(check.state.rawValue),
                        "detail": .string(check.detail), "remedy": JSONValue(check.remedy),
                    ]
                }),
        ]
    }

    /// For people: a paragraph for each check, what to do after an arrow, and a sentence at the end.
    func text(_ style: Style) -> String {
        let stateWidth = Check.State.allCases.map(\.rawValue.count).max() ?? 0
        let nameWidth = checks.map(\.name.count).max() ?? 0
        let indent = stateWidth + 2 + nameWidth + 2
        var lines: [String] = []
        for check in checks {
            let body = wrapped(check.detail, width: Self.width - indent)
            let remedy = (check.remedy.map { wrapped($0, width: Self.width - indent - 2) } ?? []).enumerated()
                .map { ($0.offset == 0 ? "→ " : "  ") + $0.element }
            // The padding is counted without the escapes of the style.
            let state = check.state.rawValue
            let head = styled(check.state, style) + spaces(stateWidth - state.count + 2) + check.name
            lines.append(head + spaces(nameWidth - check.name.count + 2) + (body.first ?? ""))
            lines += (body.dropFirst() + remedy).map { spaces(indent) + $0 }
        }
        return lines.joined(separator: "\n") + "\n\n" + summary + "\n"
    }

    /// Such as `The agent cannot run here: 17 ok, 1 missing.`
    private var summary: String {
        let counts = Check.State.allCases.compactMap { state in
            let count = checks.count { $0.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return "The agent \(canRun ? "can" : "cannot") run here: \(counts.joined(separator: ", "))."
    }

    private func styled(_ state: Check.State, _ style: Style) -> String {
        switch state {
        case .ok: style.green(state.rawValue)
        case .warning, .unknown: style.yellow(state.rawValue)
        case .missing: style.red(state.rawValue)
        }
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
