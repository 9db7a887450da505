import CZlib

/// What a gzip file unpacks to; of a file that is several put together, all of them. Source: RFC 1952 §2.2.
///
/// A class because zlib's state points back at the stream it belongs to.
@safe final class GzipStream: ByteStream {
    private let source: any ByteStream
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    /// Whether a member has ended and nothing of the next has been read.
    private var isBetweenMembers = false

    init(_ source: any ByteStream) throws(StreamFault) {
        self.source = source
        unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        // The largest window; 16 more for a gzip header.
        let status = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .damaged("zlib gives the status \(status)") }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamFault) -> Int {
        unsafe stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        // A read of less than asked for is no fault.
        let room = UInt32(clamping: buffer.count)
        unsafe stream.pointee.avail_out = room
        while unsafe stream.pointee.avail_out == room {
            if unsafe stream.pointee.avail_in == 0 {
                let count = try unsafe source.read(into: input)
                if count == 0 {
                    guard isBetweenMembers else { throw .damaged("the gzip data end too early") }
                    return 0
                }
                unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_in = UInt32(count)
            }
            try inflateSome()
        }
        return unsafe Int(room - stream.pointee.avail_out)
    }

    /// One call of zlib, which has input and room.
    private func inflateSome() throws(StreamFault) {
        if isBetweenMembers {
            // In bounds: zlib's own state.
            unsafe inflateReset(stream)
            isBetweenMembers = false
        }
        // In bounds: input and room are what the counts in the stream say.
        let status = unsafe inflate(stream, Z_NO_FLUSH)
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isBetweenMembers = true
        default:
            // zlib's messages are static texts.
            let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "status \(status)"
            throw .damaged("the gzip data are damaged: \(reason)")
        }
    }
}
