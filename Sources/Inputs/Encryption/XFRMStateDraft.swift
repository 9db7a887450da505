import Model

/// A state as far as its lines were read, in the words that `ip xfrm state` has in common for what it prints and takes.
struct XFRMStateDraft {
    var source: IPAddress
    var destination: IPAddress
    var position: Position
    var protocolName = "esp"
    var spi: SPI?
    var requestID: UInt32 = 0
    /// What `ip xfrm state add` makes when nothing is said.
    var mode = "transport"
    var key: AEADKey?
    var mark = MarkSelector.any
    var outputMark: PacketMark?
    var replayWindow: UInt32 = 0
    var flags: Set<Substring> = []
    var encapsulation: UDPEncapsulation?
    /// Where the sequence numbers stand; the halves of 32 bits come apart.
    var received: UInt64 = 0
    var sent: UInt64 = 0
    /// Algorithms and kinds of encapsulation that are not simulated.
    private(set) var foreign: [String] = []

    static let flagNames: Set<Substring> = [
        "noecn", "decap-dscp", "nopmtudisc", "wildrecv", "icmp", "af-unspec", "align4", "esn",
    ]

    init(source: IPAddress, destination: IPAddress, position: Position) {
        self.source = source
        self.destination = destination
        self.position = position
    }

    /// Why the state is not one that is simulated, nil when it is.
    var foreignness: String? {
        if protocolName != "esp" { return "protocol \(protocolName)" }
        if mode != "tunnel" { return "mode \(mode)" }
        if !foreign.isEmpty { return foreign.joined(separator: " and ") }
        return key == nil ? "no algorithm" : nil
    }

    /// Takes a key with its values that both forms have.
    /// - Returns: false where the next word is no such key.
    mutating func take(_ line: inout XFRMLine) throws(InputError) -> Bool {
        guard let key = line.next else { return false }
        switch key {
        case "proto":
            _ = line.word()
            protocolName = String(try line.text(of: "proto"))
        case "spi":
            _ = line.word()
            spi = SPI(rawValue: try line.number(of: "spi"))
        case "reqid":
            _ = line.word()
            requestID = try line.number(of: "reqid")
        case "mode":
            _ = line.word()
            mode = String(try line.text(of: "mode"))
        case "replay-window":
            try takeReplayWindow(&line)
        case "mark":
            _ = line.word()
            mark = try line.mark(of: "mark")
        case "output-mark":
            _ = line.word()
            outputMark = PacketMark(rawValue: try line.mark(of: "output-mark").value)
        case "flag":
            _ = line.word()
            while let flag = line.next, Self.flagNames.contains(flag) { flags.insert(line.word() ?? flag) }
        case "aead":
            try takeAEAD(&line)
        case "enc", "auth", "auth-trunc", "comp":
            let kind = line.word() ?? key
            foreign.append("\(kind) \(try line.text(of: String(kind)))")
            _ = line.word()
            takeKeySize(&line)
            if kind == "auth-trunc" { _ = line.word() }
        default: return false
        }
        return true
    }

    private mutating func takeReplayWindow(_ line: inout XFRMLine) throws(InputError) {
        _ = line.word()
        let start = line
        replayWindow = try line.number(of: "replay-window")
        guard replayWindow <= ReplayWindow.sizeLimit else {
            throw start.error("replay-window must be at most \(ReplayWindow.sizeLimit), not \(replayWindow)")
        }
    }

    private mutating func takeAEAD(_ line: inout XFRMLine) throws(InputError) {
        _ = line.word()
        let name = try line.text(of: "aead")
        let keyStart = line
        let bytes = try keyBytes(&line)
        takeKeySize(&line)
        let icvStart = line
        let icvBitCount: Int = try line.number(of: "the ICV's size")
        guard name == AEADKey.algorithm[...] else {
            foreign.append("aead \(name)")
            return
        }
        guard AEADKey.byteCounts.contains(bytes.count) else {
            throw keyStart.error(
                "a key of \(name) has 20, 28 or 36 bytes (an AES key, then 4 bytes of salt), not \(bytes.count)")
        }
        guard icvBitCount % 8 == 0, let key = AEADKey(bytes: bytes, icvByteCount: icvBitCount / 8) else {
            throw icvStart.error("the ICV must have 64, 96 or 128 bits, not \(icvBitCount)")
        }
        self.key = key
    }

    /// `ip -s` says a key's size in two words: `(160 bits)`.
    private func takeKeySize(_ line: inout XFRMLine) {
        guard let size = line.next, size.hasPrefix("(") else { return }
        _ = line.word()
        _ = line.word()
    }

    /// `0x` and hexadecimal digits.
    private func keyBytes(_ line: inout XFRMLine) throws(InputError) -> [UInt8] {
        if let text = line.next, text.hasPrefix("<") {
            throw line.error("the key is hidden here; list the states without nokeys")
        }
        return try line.value(of: "the key", "0x and an even number of hexadecimal digits") { text in
            text.hasPrefix("0x") ? Digits.bytes(ofHexadecimal: text.dropFirst(2)) : nil
        }
    }

    /// Takes `espinudp` with its ports; other kinds are foreign.
    mutating func takeEncapsulation(
        kind: Substring, sourcePort: UInt16, destinationPort: UInt16
    ) {
        if kind == "espinudp" {
            encapsulation = UDPEncapsulation(sourcePort: sourcePort, destinationPort: destinationPort)
        } else {
            foreign.append("encapsulation \(kind)")
        }
    }

    /// The state, once all was read and nothing is foreign.
    /// - Throws: where what every state needs is missing.
    func state(file: String) throws(InputError) -> XFRMState {
        guard let spi, spi.rawValue != 0 else { throw InputError(file, position, "this state has no spi") }
        guard let key else { preconditionFailure("a state without a key is foreign") }
        guard source.family == destination.family else {
            throw InputError(file, position, "source and destination of a state must be of one family")
        }
        let isExtended = flags.contains("esn")
        guard !isExtended || replayWindow > 0 else {
            throw InputError(file, position, "a state with flag esn needs a replay-window")
        }
        return XFRMState(
            source: source, destination: destination, spi: spi, requestID: requestID, key: key, mark: mark,
            outputMark: outputMark, replayWindow: replayWindow, hasExtendedSequence: isExtended,
            takesEitherFamily: flags.contains("af-unspec"), encapsulation: encapsulation)
    }
}
