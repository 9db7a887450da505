/// The beginning of a pcap file. Source: pcap draft, section 4 (file header).
struct PCAPHeader: Hashable, Sendable {
    static let byteCount = 24

    /// Whether the highest byte of a number comes first.
    let isBigEndian: Bool
    /// Whether fractions of seconds count nanoseconds, not microseconds.
    let isNanoseconds: Bool
    let snapLength: UInt32
    let linkType: LinkType

    /// - Returns: nil where the bytes do not begin with a magic number of pcap.
    init?(_ bytes: [UInt8], file: String) throws(CaptureError) {
        switch bytes.prefix(4) {
        case [0xd4, 0xc3, 0xb2, 0xa1]: (isBigEndian, isNanoseconds) = (false, false)
        case [0x4d, 0x3c, 0xb2, 0xa1]: (isBigEndian, isNanoseconds) = (false, true)
        case [0xa1, 0xb2, 0xc3, 0xd4]: (isBigEndian, isNanoseconds) = (true, false)
        case [0xa1, 0xb2, 0x3c, 0x4d]: (isBigEndian, isNanoseconds) = (true, true)
        default: return nil
        }
        guard bytes.count >= Self.byteCount else {
            throw CaptureError(
                file, .damaged, at: 0, "the file ends within the header: \(bytes.count) of \(Self.byteCount) bytes")
        }
        let order = isBigEndian
        func number(_ range: Range<Int>) -> UInt32 {
            let ordered = order ? Array(bytes[range]) : bytes[range].reversed()
            return ordered.reduce(0) { $0 << 8 | UInt32($1) }
        }
        let (major, minor) = (number(4..<6), number(6..<8))
        guard (major, minor) == (2, 4) else {
            throw CaptureError(file, .unsupported, at: 4, "is pcap of version \(major).\(minor); version 2.4 is read")
        }
        snapLength = number(16..<20)
        // Above it are bits about a frame check sequence.
        linkType = LinkType(rawValue: number(20..<24) & 0x03ff_ffff)
    }

    var interface: CaptureInterface {
        CaptureInterface(
            name: "", description: "", linkType: linkType, snapLength: snapLength,
            clock: isNanoseconds ? .nanoseconds : .microseconds)
    }
}
