public import CommandLineTool
public import Sim

/// One packet's way through a replay, step by step, as lines.
public struct PacketTraceText: Sendable {
    private let style: Style

    public init(style: Style) { self.style = style }

    /// Headings and what happened under each, then what became of the packet.
    public func text(_ sections: [PacketTrace.Section], _ resolution: PacketResolution) -> String {
        var lines: [String] = []
        for section in sections {
            lines.append(style.bold(section.title))
            lines += section.steps.map { "  " + TraceText(style: style).line($0) }
        }
        let disposition = resolution.disposition
        lines.append("\(style.bold("result")) \(disposition.kind.rawValue): \(ReplayPhrases.text(disposition.reason))")
        if let judgement = resolution.judgement { lines.append("  \(judgement)") }
        if resolution.isEncrypted { lines.append("  encrypted between the nodes") }
        if resolution.isLeak { lines.append(style.red("  in clear, and had to be encrypted")) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The same for scripts.
    public static func json(_ sections: [PacketTrace.Section], _ resolution: PacketResolution) -> JSONValue {
        let parts = sections.map { section -> JSONValue in
            let steps = section.steps.map {
                ["what": .string($0.what), "key": .string($0.key), "value": .string($0.value)] as JSONValue
            }
            return ["title": .string(section.title), "steps": .array(steps)]
        }
        return [
            "packet": JSONValue(resolution.record.number),
            "sections": .array(parts),
            "what": .string(resolution.disposition.kind.rawValue),
            "why": resolution.disposition.reason.json,
            "authorization": resolution.judgement?.json ?? .null,
            "encrypted": .bool(resolution.isEncrypted),
            "leak": .bool(resolution.isLeak),
        ]
    }
}
