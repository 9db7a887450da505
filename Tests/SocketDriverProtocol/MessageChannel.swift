import Glibc

/// Messages over a pair of descriptors, each after its byte count (u32, little-endian). It does not own them.
public struct MessageChannel: Sendable {
    /// The longest message, against a count that is no count.
    public static let byteLimit = 64 << 20
    private let input: CInt
    private let output: CInt
    /// What has been read and not yet been taken.
    private var pending: [UInt8] = []
    private var start = 0
    /// What read(2) fills.
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    public init(input: CInt, output: CInt) {
        self.input = input
        self.output = output
    }

    /// Sends one message.
    /// - Returns: Whether the other side still reads.
    public mutating func send(_ message: [UInt8]) -> Bool {
        var framed = WireWriter()
        framed.write(message)
        var sent = 0
        let bytes = framed.bytes
        while sent < bytes.count {
            // In bounds: the buffer is the array's, from `sent` to its end.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(output, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
            }
            if count < 0 && errno != EINTR { return false }
            sent += max(count, 0)
        }
        return true
    }

    /// Waits for one message.
    /// - Returns: nil when the other side is gone.
    public mutating func receive() -> [UInt8]? {
        while true {
            var header = WireReader(Array(pending[start...].prefix(4)))
            if pending.count - start >= 4, let count = try? header.read() as UInt32 {
                precondition(count <= Self.byteLimit, "not a message: \(count) bytes")
                let end = start + 4 + Int(count)
                if end <= pending.count {
                    let message = Array(pending[start + 4..<end])
                    start = end
                    return message
                }
            }
            guard readMore() else { return nil }
        }
    }

    /// - Returns: Whether there was more.
    private mutating func readMore() -> Bool {
        pending.removeFirst(start)
        start = 0
        let input = self.input
        var count = 0
        repeat {
            // In bounds: read(2) gets the room of the buffer that it fills.
            count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(input, $0.baseAddress, $0.count) }
        } while count < 0 && errno == EINTR
        pending += buffer.prefix(max(count, 0))
        return count > 0
    }
}
