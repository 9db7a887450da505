/// Puts a block of a pcapng file together, the lowest byte of a number first.
/// Source: pcapng draft, sections 3.1 (blocks) and 3.5 (options).
struct PCAPNGBlockBuilder {
    private static let valueByteLimit = 0xffff

    private let type: UInt32
    private var body: [UInt8] = []

    init(_ type: UInt32) { self.type = type }

    /// Of what has been appended.
    var byteCount: Int { body.count }

    mutating func append(_ number: UInt32) { body.append(number) }

    /// Appends bytes, and zeros up to a multiple of 4.
    mutating func appendPadded(_ bytes: [UInt8]) {
        body += bytes
        body += repeatElement(0, count: -bytes.count & 3)
    }

    /// Appends a type, a length, and a value: an option, or a record of a name resolution block.
    mutating func appendRecord(_ code: UInt16, _ value: [UInt8]) {
        body.append(code)
        body.append(UInt16(value.count))
        appendPadded(value)
    }

    mutating func appendOption(_ code: UInt16, _ value: [UInt8]) { appendRecord(code, value) }

    /// Appends a text, unless it is empty; a long one is cut between two characters.
    mutating func appendOption(_ code: UInt16, _ text: String) {
        guard !text.isEmpty else { return }
        var end = text.utf8.endIndex
        if text.utf8.count > Self.valueByteLimit {
            end = text.utf8.index(text.startIndex, offsetBy: Self.valueByteLimit)
            while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        }
        appendRecord(code, Array(text.utf8[..<end]))
    }

    /// The options of an enhanced packet block. Source: pcapng draft, section 4.3.
    mutating func appendAnnotations(_ annotations: PacketAnnotations) {
        appendOption(1, annotations.comment)
        switch annotations.direction {
        case .incoming: appendOption(2, [1, 0, 0, 0])
        case .outgoing: appendOption(2, [2, 0, 0, 0])
        case .unknown, .passing: break
        }
        if let packetID = annotations.packetID { appendOption(5, Self.bytes(packetID)) }
        if let verdict = annotations.verdict { appendOption(7, [verdict.kind] + Self.bytes(verdict.code)) }
    }

    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// What has been appended, with the end of options where there is any.
    func options() -> [UInt8] { body.isEmpty ? [] : body + [0, 0, 0, 0] }

    /// The block: type and length, what has been appended, and the length again.
    /// - Parameter hasOptions: Whether a list of options is its last part.
    func finished(hasOptions: Bool) -> [UInt8] {
        let end = hasOptions ? 4 : 0
        let byteCount = UInt32(PCAPNGBlock.minimumByteCount + body.count + end)
        var block: [UInt8] = []
        block.append(type)
        block.append(byteCount)
        block += body
        block += repeatElement(0, count: end)
        block.append(byteCount)
        return block
    }
}
