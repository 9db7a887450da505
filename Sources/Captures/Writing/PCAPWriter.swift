/// Writes a pcap file with timestamps in nanoseconds. The same packets give the same bytes.
/// Source: pcap draft, sections 4 and 5.
public struct PCAPWriter: ~Copyable {
    private var output: BufferedFile

    /// Begins the file.
    /// - Parameter path: `-` is standard output.
    public init(path: String, linkType: LinkType) throws(CaptureWriteError) {
        var output = try BufferedFile(path: path, isSecret: false)
        // Magic of nanoseconds, version 2.4, two unused numbers, snap length, link type.
        try output.write(
            0xa1b2_3c4d, 2 | 4 << 16, 0, 0, UInt32(CaptureReader.recordByteLimit), linkType.rawValue)
        self.init(output)
    }

    private init(_ output: consuming BufferedFile) { self.output = output }

    /// Adds a packet.
    /// - Parameters:
    ///   - packet: At most `CaptureReader.recordByteLimit` bytes.
    ///   - timestamp: Nanoseconds since 1970. The format ends in 2106; later times become its last second.
    ///   - originalByteCount: Where it is more than what `packet` has.
    public mutating func write(
        _ packet: RawSpan, timestamp: UInt64, originalByteCount: Int = 0
    ) throws(CaptureWriteError) {
        precondition(packet.byteCount <= CaptureReader.recordByteLimit, "a packet of \(packet.byteCount) bytes")
        let (seconds, fraction) = timestamp.quotientAndRemainder(dividingBy: 1_000_000_000)
        try output.write(
            UInt32(clamping: seconds), UInt32(fraction), UInt32(packet.byteCount),
            UInt32(clamping: max(packet.byteCount, originalByteCount)))
        try output.write(packet)
    }

    /// Writes what is still buffered. Without it there is no file, or what stood there before.
    public mutating func finish() throws(CaptureWriteError) { try output.finish() }
}
