public import Model

/// Command lines `ip xfrm state|policy add|update|delete|flush`, one a line, each with the node that runs it in brackets
/// before it where there are several: `[A] ip xfrm state add ...`. Empty lines and those that begin with `#` are left
/// out.
public struct XFRMCommands: Hashable, Sendable {
    /// One line.
    public struct Command: Hashable, Sendable {
        /// nil where none is named.
        public var node: String?
        public var change: XFRMChange
        public var position: Position
    }

    public private(set) var commands: [Command] = []

    /// Reads command lines.
    /// - Throws: for the first line that is none, with its position and what would be right.
    public init(parsing text: String, file: String) throws(InputError) {
        var number = 0
        for text in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            var line = XFRMLine(text, file: file, number: number)
            guard !line.isEmpty, line.next?.hasPrefix("#") == false else { continue }
            commands.append(try Command(parsing: &line))
        }
    }

    /// Whether a text begins as command lines do.
    static func isRecognized(_ text: String) -> Bool {
        let first = text.split(separator: "\n").first { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) } ?? ""
        return first.hasPrefix("[") || first.hasPrefix("ip ")
    }
}

extension XFRMCommands.Command {
    fileprivate init(parsing line: inout XFRMLine) throws(InputError) {
        position = line.position
        if let word = line.next, word.hasPrefix("[") {
            guard word.hasSuffix("]"), word.count > 2 else { throw line.error("a node must be in brackets: [A]") }
            node = String(word.dropFirst().dropLast())
            _ = line.word()
        }
        guard line.take("ip"), line.take("xfrm") else { throw line.error("a command begins with \"ip xfrm\"") }
        if line.take("state") {
            change = try Self.stateChange(&line, position)
        } else if line.take("policy") {
            change = try Self.policyChange(&line, position)
        } else {
            throw line.error("\"state\" or \"policy\" must follow \"ip xfrm\"")
        }
        guard line.isAtEnd else { throw line.error("\"\(line.next ?? "")\" is not known here") }
    }

    private static func stateChange(_ line: inout XFRMLine, _ position: Position) throws(InputError) -> XFRMChange {
        switch line.word() {
        case "flush": return .flushStates
        case "delete": return .deleteState(try id(of: state(&line, position), line))
        case "add": return .addState(try complete(state(&line, position), line))
        case "update": return .updateState(try complete(state(&line, position), line))
        default: throw line.error("add, update, delete or flush must follow \"state\"")
        }
    }

    private static func state(_ line: inout XFRMLine, _ position: Position) throws(InputError) -> XFRMStateDraft {
        var (source, destination): (IPAddress?, IPAddress?)
        while let key = line.next, key == "src" || key == "dst" {
            _ = line.word()
            let address = try line.address(of: String(key))
            if key == "src" { source = address } else { destination = address }
        }
        guard let destination else { throw line.error("a state needs dst") }
        let any = destination.family == .v4 ? IPAddress.anyV4 : .anyV6
        var draft = XFRMStateDraft(source: source ?? any, destination: destination, position: position)
        while !line.isAtEnd {
            if try draft.take(&line) { continue }
            if line.take("encap") {
                let kind = try line.text(of: "encap")
                let sourcePort: UInt16 = try line.number(of: "the source port")
                let destinationPort: UInt16 = try line.number(of: "the destination port")
                _ = try line.address(of: "the original address")
                draft.takeEncapsulation(kind: kind, sourcePort: sourcePort, destinationPort: destinationPort)
            } else if line.take("replay-seq") {
                draft.received = try line.number(of: "replay-seq")
            } else if line.take("replay-oseq") {
                draft.sent = try line.number(of: "replay-oseq")
            } else {
                throw line.error("\"\(line.next ?? "")\" is not known of a state")
            }
        }
        return draft
    }

    private static func id(of draft: XFRMStateDraft, _ line: XFRMLine) throws(InputError) -> XFRMState.ID {
        guard let spi = draft.spi else { throw line.error("a state needs spi") }
        return XFRMState.ID(destination: draft.destination, spi: spi, mark: draft.mark)
    }

    private static func complete(_ draft: XFRMStateDraft, _ line: XFRMLine) throws(InputError) -> XFRMState {
        if let reason = draft.foreignness {
            throw InputError(
                line.file, draft.position,
                "only esp in tunnel mode with aead \(AEADKey.algorithm) is simulated, not \(reason)")
        }
        return try draft.state(file: line.file)
    }

    private static func policyChange(_ line: inout XFRMLine, _ position: Position) throws(InputError) -> XFRMChange {
        switch line.word() {
        case "flush": return .flushPolicies
        case "delete":
            let policy = try policy(&line, position)
            return .deletePolicy(policy.id)
        case "add": return .addPolicy(try policy(&line, position))
        case "update": return .updatePolicy(try policy(&line, position))
        default: throw line.error("add, update, delete or flush must follow \"policy\"")
        }
    }

    private static func policy(_ line: inout XFRMLine, _ position: Position) throws(InputError) -> XFRMPolicy {
        var (source, destination): (Prefix?, Prefix?)
        while let key = line.next, key == "src" || key == "dst" {
            _ = line.word()
            let prefix = try line.prefix(of: String(key))
            if key == "src" { source = prefix } else { destination = prefix }
        }
        guard let family = (source ?? destination)?.address.family else {
            throw line.error("a policy needs src or dst")
        }
        let everything = Prefix.everything(of: family)
        let selector = XFRMSelector(source: source ?? everything, destination: destination ?? everything)
        var draft = XFRMPolicyDraft(selector, position: position)
        while !line.isAtEnd {
            if line.take("tmpl") {
                try draft.beginTemplate(&line)
                while try draft.takeOfTemplate(&line) {}
            } else if try !draft.take(&line) {
                throw line.error("\"\(line.next ?? "")\" is not known of a policy")
            }
        }
        return try draft.policy(file: line.file)
    }
}
