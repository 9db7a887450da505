import Glibc

/// The bytes behind a file descriptor. It owns the descriptor: its end closes it, unless it is standard input.
final class DescriptorStream: ByteStream {
    private let descriptor: CInt
    /// How many bytes have been read.
    private(set) var byteCount: UInt64 = 0

    /// Takes over `descriptor`, which nobody else may close.
    init(adopting descriptor: CInt) {
        precondition(descriptor >= 0, "not a descriptor: \(descriptor)")
        self.descriptor = descriptor
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StreamFault) -> Int {
        while true {
            // In bounds: read(2) fills at most the count.
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 {
                byteCount += UInt64(count)
                return count
            }
            guard errno == EINTR else { throw .errno(errno) }
        }
    }
}
