/// What a file's first bytes say that it is.
enum CaptureFormat: Hashable, Sendable {
    case pcap(PCAPHeader)
    case pcapng

    /// How many bytes tell.
    static let byteCount = PCAPHeader.byteCount

    /// Formats of captures, and packed files, that are not read, by their first bytes.
    private static let foreign: [(magic: [UInt8], name: String)] = [
        ([0x34, 0xcd, 0xb2, 0xa1], "Kuznetzov's modified pcap (magic a1b2cd34)"),
        ([0xa1, 0xb2, 0xcd, 0x34], "Kuznetzov's modified pcap (magic a1b2cd34)"),
        (Array("snoop\0\0\0".utf8), "snoop"),
        (Array("btsnoop\0".utf8), "btsnoop"),
        (Array("RTSS".utf8), "Network Monitor 1"),
        (Array("GMBU".utf8), "Network Monitor 2"),
        (Array("TRSNIFF data".utf8), "Sniffer"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "xz"),
        (Array("BZh".utf8), "bzip2"),
        ([0x04, 0x22, 0x4d, 0x18], "lz4"),
        ([0x50, 0x4b, 0x03, 0x04], "zip"),
    ]

    /// - Parameter start: The first 24 bytes, or all of a shorter file.
    init(_ start: [UInt8], file: String) throws(CaptureError) {
        if start.isEmpty { throw CaptureError(file, .damaged, "is empty; a capture begins with a header") }
        if let (_, name) = Self.foreign.first(where: { start.starts(with: $0.magic) }) {
            throw CaptureError(
                file, .unsupported, "is in the format \(name); pcap and pcapng are read, plain or in gzip or zstd")
        }
        if start.starts(with: PCAPNGBlock.sectionHeaderMagic) {
            self = .pcapng
        } else if let header = try PCAPHeader(start, file: file) {
            self = .pcap(header)
        } else {
            throw CaptureError(file, .unsupported, "is neither pcap nor pcapng, plain or in gzip or zstd")
        }
    }
}
