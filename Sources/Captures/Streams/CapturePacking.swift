/// How a file is packed. Source: RFC 1952 §2.3.1, RFC 8878 §3.1.
enum CapturePacking: Hashable, Sendable {
    case none, gzip, zstd

    /// How many bytes tell.
    static let byteCount = 4

    init(_ start: [UInt8]) {
        switch start.prefix(Self.byteCount) {
        case [0x28, 0xb5, 0x2f, 0xfd]: self = .zstd
        case let bytes where bytes.starts(with: [0x1f, 0x8b]): self = .gzip
        // A skippable frame, with which zstd files may begin too.
        case let bytes where bytes.count == 4 && bytes[0] & 0xf0 == 0x50 && bytes[1...] == [0x2a, 0x4d, 0x18]:
            self = .zstd
        default: self = .none
        }
    }
}

extension CaptureWindow {
    /// Looks at what a stream unpacks to.
    init(unpacking stream: any ByteStream) throws(StreamFault) {
        let start = try Self.readAhead(stream)
        let whole = PrefixedStream(start, stream)
        switch CapturePacking(start) {
        case .none: self.init(over: whole)
        case .gzip: self.init(over: try GzipStream(whole))
        case .zstd: self.init(over: try ZstdStream(whole))
        }
    }

    /// At least as many bytes as tell how a file is packed, or all of a shorter one.
    private static func readAhead(_ stream: any ByteStream) throws(StreamFault) -> [UInt8] {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 1)
        defer { unsafe chunk.deallocate() }
        var start: [UInt8] = []
        while start.count < CapturePacking.byteCount {
            let count = try unsafe stream.read(into: chunk)
            if count == 0 { break }
            // In bounds: a stream fills at most the chunk.
            unsafe start += chunk[..<count]
        }
        return start
    }
}
