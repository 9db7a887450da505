public import CommandLineTool
public import Sim

/// One packet's way through a replay, step by step.
public struct PacketTraceText: Sendable {
    private let captured: String
    private let vantage: Vantage
    private let sections: [TraceSection]
    private let resolution: PacketResolution

    /// - Parameters:
    ///   - captured: The packet as it was captured, in a line.
    ///   - vantage: Where that was.
    public init(
        captured: String, at vantage: Vantage, _ sections: [TraceSection], _ resolution: PacketResolution
    ) {
        self.captured = captured
        self.vantage = vantage
        self.sections = sections
        self.resolution = resolution
    }

    /// The packet, headings and what happened under each, then what became of the packet.
    public func text(_ style: Style) -> String {
        var lines = ["\(style.bold("packet \(resolution.record.number)")) \(captured), captured \(vantage.sentence)"]
        for section in sections {
            lines.append(style.bold(section.title))
            lines += section.steps.map { "  " + TraceText(style: style).line($0) }
        }
        let disposition = resolution.disposition
        let result = "\(ReplayPhrases.text(disposition.kind)): \(ReplayPhrases.text(disposition.reason))"
        lines.append("\(style.bold("result")) \(result)")
        if let judgement = resolution.judgement { lines.append("  \(judgement)") }
        if resolution.isEncrypted { lines.append("  encrypted between the nodes") }
        if let leak = resolution.leak { lines.append(style.red("  \(leak.phrase)")) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same for scripts.
    public var json: JSONValue {
        let parts = sections.map { section -> JSONValue in
            let steps = section.steps.map {
                ["what": .string($0.what), "key": .string($0.key), "value": .string($0.value)] as JSONValue
            }
            return ["title": .string(section.title), "steps": .array(steps)]
        }
        return [
            "packet": JSONValue(resolution.record.number),
            "captured": .string(captured),
            "at": .string(vantage.text),
            "timestamp": JSONValue(resolution.record.timestamp),
            "sections": .array(parts),
            "what": .string(resolution.disposition.kind.rawValue),
            "why": resolution.disposition.reason.json,
            "authorization": resolution.judgement?.json ?? .null,
            "encrypted": .bool(resolution.isEncrypted),
            "leak": .bool(resolution.isLeak),
        ]
    }
}
