import CZstd

/// What a zstd file unpacks to; of a file that is several frames, all of them. Source: RFC 8878 §3.
///
/// Frames whose window is more than 128 MiB, zstd's own limit, are refused.
@safe final class ZstdStream: ByteStream {
    private let source: any ByteStream
    private let stream: OpaquePointer
    private let input: UnsafeMutableRawBufferPointer
    private var available = 0
    private var position = 0
    /// Whether a frame has ended and nothing of the next has been read.
    private var isBetweenFrames = false

    init(_ source: any ByteStream) throws(StreamFault) {
        guard let stream = unsafe ZSTD_createDStream() else { throw .damaged("zstd: out of memory") }
        self.source = source
        unsafe self.stream = stream
        unsafe input = UnsafeMutableRawBufferPointer.allocate(byteCount: ZSTD_DStreamInSize(), alignment: 1)
    }

    deinit {
        unsafe ZSTD_freeDStream(stream)
        unsafe input.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamFault) -> Int {
        var output = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while true {
            // What zstd holds back comes out before more is read.
            let hadInput = position < available
            try unsafe decompressSome(&output)
            if unsafe output.pos > 0 { return unsafe output.pos }
            guard !hadInput || position == available else { continue }
            available = try unsafe source.read(into: input)
            position = 0
            if available == 0 {
                guard isBetweenFrames else { throw .damaged("the zstd data end too early") }
                return 0
            }
        }
    }

    /// One call of zstd.
    private func decompressSome(_ output: inout ZSTD_outBuffer) throws(StreamFault) {
        // Between frames a call without input would begin the next.
        guard position < available || !isBetweenFrames else { return }
        var rest = unsafe ZSTD_inBuffer(src: input.baseAddress, size: available, pos: position)
        // In bounds: both buffers are what their counts say.
        let status = unsafe ZSTD_decompressStream(stream, &output, &rest)
        guard ZSTD_isError(status) == 0 else {
            // zstd's messages are static texts.
            throw .damaged("the zstd data are damaged: \(unsafe String(cString: ZSTD_getErrorName(status)))")
        }
        unsafe position = rest.pos
        isBetweenFrames = status == 0
    }
}
