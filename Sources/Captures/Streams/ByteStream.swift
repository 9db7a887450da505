/// Bytes that come in order, once.
protocol ByteStream: AnyObject {
    /// Fills the beginning of `buffer`, which is not empty.
    /// - Returns: How many bytes; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamFault) -> Int
}

/// First what was read ahead, then the rest.
final class PrefixedStream: ByteStream {
    private let prefix: [UInt8]
    private var position = 0
    private let rest: any ByteStream

    init(_ prefix: [UInt8], _ rest: any ByteStream) {
        self.prefix = prefix
        self.rest = rest
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamFault) -> Int {
        let count = min(prefix.count - position, buffer.count)
        guard count > 0 else { return try unsafe rest.read(into: buffer) }
        // In bounds: the count is no more than either side has.
        unsafe buffer.copyBytes(from: prefix[position..<position + count])
        position += count
        return count
    }
}

/// Bytes that are in memory.
final class MemoryStream: ByteStream {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamFault) -> Int {
        let count = min(bytes.count - position, buffer.count)
        // In bounds: the count is no more than either side has.
        unsafe buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}
