internal import CBPF
import Glibc

/// The reading end of a ring buffer. There must be one reader of a buffer at a time.
///
/// Safe, because the kernel's buffer and the receiver of records live exactly as long as this value.
@safe
public struct RingBuffer: ~Copyable, @unchecked Sendable {
    /// Gets the bytes of a record, which are gone when it returns.
    public typealias Receiver = @Sendable (_ record: RawSpan) -> Void

    /// Gives the closure an identity that C can hold.
    private final class Box: Sendable {
        let receive: Receiver

        init(_ receive: @escaping Receiver) { self.receive = receive }
    }

    private let name: String
    private let buffer: OpaquePointer
    private let box: Unmanaged<Box>
    /// Kept open for the buffer.
    private let descriptor: Descriptor

    /// Begins to read; records that wait are handed out by the next `consume`.
    public init(
        _ name: String, adopting descriptor: consuming Descriptor, receive: @escaping Receiver
    ) throws(KernelError) {
        let box = unsafe Unmanaged.passRetained(Box(receive))
        // In bounds: libbpf hands out whole records and the context that it was given, which lives until deinit.
        let buffer = unsafe descriptor.withRaw { raw in
            unsafe ring_buffer__new(
                raw,
                { context, data, size in
                    guard let context = unsafe context else { return 0 }
                    let box = unsafe Unmanaged<Box>.fromOpaque(context).takeUnretainedValue()
                    unsafe box.receive(UnsafeRawBufferPointer(start: data, count: size).bytes)
                    return 0
                }, box.toOpaque(), nil)
        }
        guard let buffer = unsafe buffer else {
            let error = KernelError.last("read", name)
            unsafe box.release()
            throw error
        }
        self.name = name
        unsafe self.buffer = unsafe buffer
        unsafe self.box = unsafe box
        self.descriptor = descriptor
    }

    deinit {
        unsafe ring_buffer__free(buffer)
        unsafe box.release()
    }

    /// Hands out what waits, in order.
    /// - Returns: how many records there were.
    @discardableResult
    public borrowing func consume() throws(KernelError) -> Int {
        let count = unsafe ring_buffer__consume(buffer)
        guard count >= 0 else { throw KernelError("read", name, errno: -count) }
        return Int(count)
    }

    /// Lends the descriptor that becomes readable when the programs wake the reader.
    borrowing func withPollDescriptor<Result>(_ body: (CInt) -> Result) -> Result {
        body(unsafe ring_buffer__epoll_fd(buffer))
    }
}

extension RawSpan {
    /// The record as a C struct without pointers, nil when it has another size. (Swift does not call a struct with a
    /// union in it BitwiseCopyable.)
    public func record<Record>(as type: Record.Type) -> Record? {
        guard byteCount == MemoryLayout<Record>.size else { return nil }
        // In bounds: the sizes are equal, and any bits make a C struct.
        return unsafe withUnsafeBytes { unsafe $0.loadUnaligned(as: Record.self) }
    }
}
