internal import CLinux
import Glibc

/// Reads a ring buffer on a thread of its own, until it is released.
///
/// The programs wake the reader when much waits; it also looks by the clock, so that nothing waits long.
public final class RingBufferReader: @unchecked Sendable {
    // Sendable: after init only the thread touches the buffers, and `stop` is a descriptor.

    /// The longest that a record waits, in milliseconds.
    private static let period: CInt = 200

    private let buffers: Buffers
    private let stop: Descriptor
    /// nil when it could not be started.
    private var thread: pthread_t?

    /// The buffers; a noncopyable value needs a place that both threads can name.
    private final class Buffers: @unchecked Sendable {
        // Sendable: only the reading thread uses it.
        let buffer: RingBuffer
        let stop: CInt
        let onError: @Sendable (KernelError) -> Void

        init(
            _ buffer: consuming RingBuffer, stop: CInt, onError: @escaping @Sendable (KernelError) -> Void
        ) {
            self.buffer = buffer
            self.stop = stop
            self.onError = onError
        }

        func consume() {
            do throws(KernelError) {
                try buffer.consume()
            } catch {
                onError(error)
            }
        }

        /// Until `stop` becomes readable.
        func run() {
            var polled = [pollfd(fd: stop, events: Int16(POLLIN), revents: 0)]
            buffer.withPollDescriptor { polled.append(pollfd(fd: $0, events: Int16(POLLIN), revents: 0)) }
            while true {
                // In bounds: the count is the array's.
                _ = unsafe poll(&polled, nfds_t(polled.count), RingBufferReader.period)
                consume()
                if polled[0].revents != 0 { return }
            }
        }
    }

    /// Starts the thread.
    public init(
        _ buffer: consuming RingBuffer, onError: @escaping @Sendable (KernelError) -> Void
    ) throws(KernelError) {
        let raw = eventfd(0, CInt(EFD_CLOEXEC))
        guard raw >= 0 else { throw .last("make", "an event descriptor") }
        stop = Descriptor(adopting: raw)
        buffers = Buffers(buffer, stop: raw, onError: onError)
        // The thread releases what it is given.
        let argument = unsafe Unmanaged.passRetained(buffers)
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Buffers>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            unsafe argument.release()
            throw KernelError("start", "the reader of ring buffers", errno: status)
        }
        self.thread = thread
    }

    deinit {
        var one: UInt64 = 1
        // In bounds: an event descriptor takes eight bytes.
        stop.withRaw { _ = unsafe write($0, &one, 8) }
        if let thread { pthread_join(thread, nil) }
    }
}
