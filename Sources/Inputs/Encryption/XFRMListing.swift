public import Model

/// What `ip xfrm state` and `ip xfrm policy` print, alone or one after the other, with or without `-s`. Lines that begin
/// with `#` are headings. The same state or policy twice counts once, so that a file may hold a listing with and one
/// without statistics.
public struct XFRMListing: Hashable, Sendable {
    /// A state, and where its sequence numbers stood when it was listed.
    public struct State: Hashable, Sendable {
        public var state: XFRMState
        /// The highest number received.
        public var received: UInt64
        /// The last number sent.
        public var sent: UInt64
        public var position: Position
    }

    /// A state of another algorithm, protocol or mode, which is not simulated.
    public struct ForeignState: Hashable, Sendable {
        public var source: IPAddress
        public var destination: IPAddress
        public var spi: SPI?
        /// What is not simulated: `enc cbc(aes) and auth-trunc hmac(sha256)`.
        public var reason: String
        public var position: Position
    }

    public private(set) var states: [State] = []
    public private(set) var foreignStates: [ForeignState] = []
    public private(set) var policies: [XFRMPolicy] = []
    /// Lines that were left out.
    public private(set) var notes: [InputNote] = []

    private let file: String

    /// Reads a listing.
    /// - Throws: for a line that is of a known kind but not of its form, with its position.
    public init(parsing text: String, file: String) throws(InputError) {
        self.file = file
        var reader = Reader()
        var number = 0
        for text in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            var line = XFRMLine(text, file: file, number: number)
            guard !line.isEmpty, line.next?.hasPrefix("#") == false else { continue }
            if text.first?.isWhitespace == false {
                try finish(&reader)
                reader = try Reader(heading: &line)
                if case .leftOut = reader.open {
                    notes.append(InputNote(file, line.position, "left out: a policy for \(line.rest) only"))
                }
            } else {
                let isKnown = try reader.take(&line)
                if !isKnown { notes.append(InputNote(file, line.position, "left out: \(line.text)")) }
            }
        }
        try finish(&reader)
    }

    /// Whether a text begins as a listing does.
    static func isRecognized(_ text: String) -> Bool {
        let first = text.split(separator: "\n").first { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
        return first?.hasPrefix("src ") ?? text.hasPrefix("# ip xfrm")
    }

    private mutating func finish(_ reader: inout Reader) throws(InputError) {
        switch reader.open {
        case .nothing, .leftOut: break
        case .heading(_, let position):
            throw InputError(
                file, position, "neither \"proto\" (of a state) nor \"dir\" (of a policy) follows this line")
        case .state(let draft): try add(draft)
        case .policy(let draft):
            let policy = try draft.policy(file: file)
            if !policies.contains(policy) { policies.append(policy) }
        }
    }

    private mutating func add(_ draft: XFRMStateDraft) throws(InputError) {
        if let reason = draft.foreignness {
            let foreign = ForeignState(
                source: draft.source, destination: draft.destination, spi: draft.spi, reason: reason,
                position: draft.position)
            guard !foreignStates.contains(where: { $0.spi == foreign.spi && $0.destination == foreign.destination })
            else { return }
            foreignStates.append(foreign)
            return
        }
        let state = State(
            state: try draft.state(file: file), received: draft.received, sent: draft.sent, position: draft.position)
        guard let index = states.firstIndex(where: { $0.state == state.state }) else {
            states.append(state)
            return
        }
        states[index].received = max(states[index].received, state.received)
        states[index].sent = max(states[index].sent, state.sent)
    }
}

/// Reads the lines of one state or policy.
private struct Reader {
    enum Open {
        case nothing
        /// `src … dst …`, until the next line says of what.
        case heading(XFRMSelector, Position)
        case state(XFRMStateDraft)
        case policy(XFRMPolicyDraft)
        /// A policy for the packets of one socket, or of some protocols or ports.
        case leftOut
    }

    var open = Open.nothing
    /// Behind a line after which more of it comes, on lines that begin with other words.
    private var isInStatistics = false
    private var isInExtendedContext = false

    init() {}

    /// Begins with a line that is not indented: `src ADDRESS dst ADDRESS`, of a policy with prefixes.
    init(heading line: inout XFRMLine) throws(InputError) {
        let position = line.position
        guard line.take("src") else {
            throw line.error("a state or policy begins with src, not \"\(line.next ?? "")\"")
        }
        let source = try line.prefix(of: "src")
        guard line.take("dst") else { throw line.error("dst must follow src here") }
        let destination = try line.prefix(of: "dst")
        open = .heading(XFRMSelector(source: source, destination: destination), position)
        if line.take("uid") { _ = line.word() }
        if !line.isAtEnd { open = .leftOut }
    }

    /// Takes an indented line.
    /// - Returns: false where nothing is known of it.
    mutating func take(_ line: inout XFRMLine) throws(InputError) -> Bool {
        switch open {
        case .leftOut: return true
        case .nothing:
            throw line.error("a state or policy begins with a line \"src ... dst ...\" that is not indented")
        case .heading(let selector, let position):
            try begin(selector, position, line)
            return try take(&line)
        case .state(var draft):
            defer { open = .state(draft) }
            return try take(&line, of: &draft)
        case .policy(var draft):
            defer { open = .policy(draft) }
            return try take(&line, of: &draft)
        }
    }

    private mutating func begin(_ selector: XFRMSelector, _ position: Position, _ line: XFRMLine) throws(InputError) {
        switch line.next {
        case "proto":
            let (source, destination) = (selector.source, selector.destination)
            guard source.length == source.address.bitCount, destination.length == destination.address.bitCount else {
                throw InputError(
                    line.file, position, "src and dst of a state must be addresses without a prefix length")
            }
            open = .state(
                XFRMStateDraft(source: source.address, destination: destination.address, position: position))
        case "socket": open = .leftOut
        case "dir": open = .policy(XFRMPolicyDraft(selector, position: position))
        default:
            throw line.error("\"proto\" (of a state) or \"dir\" (of a policy) must follow, not \"\(line.next ?? "")\"")
        }
    }

    private mutating func take(_ line: inout XFRMLine, of draft: inout XFRMStateDraft) throws(InputError) -> Bool {
        if try isStatistics(line) { return true }
        switch line.next {
        case "anti-replay":
            _ = line.word()
            isInExtendedContext = line.take("esn")
            guard line.take("context:") else { return false }
            return isInExtendedContext || takeNumbers(&line, of: &draft)
        case "seq-hi", "replay_window":
            return isInExtendedContext && takeNumbers(&line, of: &draft)
        case "[", "]": return isInExtendedContext
        case "sel": return takeAnySelector(&line)
        case "lastused", "crypto", "dir": return true
        case "encap":
            try takeEncapsulation(&line, of: &draft)
        default:
            // The bitmap of an extended context: words of 8 digits.
            if isInExtendedContext, let word = line.next, word.utf8.count == 8 || word.hasPrefix("[") { return true }
            while try draft.take(&line) {}
            // Behind replay-window, `ip -s` tells "seq 0x00000000" and the flags as a number.
            while let word = line.next, word == "seq" || word.hasPrefix("(0x") || word.hasPrefix("0x") {
                _ = line.word()
                while try draft.take(&line) {}
            }
        }
        return line.isAtEnd
    }

    private mutating func take(_ line: inout XFRMLine, of draft: inout XFRMPolicyDraft) throws(InputError) -> Bool {
        if try isStatistics(line) { return true }
        if line.take("tmpl") { try draft.beginTemplate(&line) }
        let isOfTemplate = !draft.templates.isEmpty
        while try isOfTemplate ? draft.takeOfTemplate(&line) : draft.take(&line) {}
        return line.isAtEnd
    }

    /// Whether a line is of the statistics, which say nothing about what is done.
    private mutating func isStatistics(_ line: XFRMLine) throws(InputError) -> Bool {
        switch line.next {
        case "lifetime", "stats:":
            isInStatistics = true
            return true
        case "limit:", "expire", "add": return isInStatistics
        case "replay-window" where isInStatistics: return true
        default:
            let isCount = line.next?.hasSuffix("(bytes),") ?? false
            if isInStatistics, isCount { return true }
            isInStatistics = false
            return false
        }
    }

    /// `seq 0x29, oseq 0x0, bitmap 0x00000000`, with the high halves of extended numbers.
    private func takeNumbers(_ line: inout XFRMLine, of draft: inout XFRMStateDraft) -> Bool {
        while let name = line.word() {
            let digits = (line.word() ?? "").prefix { $0 != "," }
            let number = digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : Digits.decimal(digits)
            guard let number, number <= UInt32.max else { return false }
            switch name {
            case "seq": draft.received |= number
            case "seq-hi": draft.received |= number << 32
            case "oseq": draft.sent |= number
            case "oseq-hi": draft.sent |= number << 32
            default: break
            }
        }
        return true
    }

    /// Selectors of states are not simulated; one for everything needs no word.
    private func takeAnySelector(_ line: inout XFRMLine) -> Bool {
        let words = line.text.split(separator: " ")
        return words.count >= 5 && [words[2], words[4]].allSatisfy { $0.hasSuffix("/0") }
            && (words.count == 5 || words[5] == "uid")
    }

    private func takeEncapsulation(_ line: inout XFRMLine, of draft: inout XFRMStateDraft) throws(InputError) {
        _ = line.word()
        guard line.take("type") else { throw line.error("encap needs a type") }
        let kind = try line.text(of: "type")
        guard line.take("sport") else { throw line.error("sport must follow here") }
        let sourcePort: UInt16 = try line.number(of: "sport")
        guard line.take("dport") else { throw line.error("dport must follow here") }
        let destinationPort: UInt16 = try line.number(of: "dport")
        if line.take("addr") { _ = try line.address(of: "addr") }
        draft.takeEncapsulation(kind: kind, sourcePort: sourcePort, destinationPort: destinationPort)
    }
}
