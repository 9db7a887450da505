internal import CLinux
import Glibc

/// The signals that end a daemon or make it look again, as a descriptor to be polled.
public struct SignalQueue: ~Copyable {
    public enum Signal: Hashable, Sendable {
        /// SIGTERM or SIGINT.
        case end
        /// SIGHUP.
        case reload
    }

    private let descriptor: Descriptor

    /// Takes the signals from the process. To be made before there are other threads.
    public init() throws(KernelError) {
        let raw = km_signal_descriptor()
        guard raw >= 0 else { throw .last("wait for", "signals") }
        descriptor = Descriptor(adopting: raw)
    }

    /// Lends the descriptor; readable means that a signal waits.
    borrowing func withRaw<Result>(_ body: (CInt) -> Result) -> Result { descriptor.withRaw(body) }

    /// The next signal that waits, nil without one.
    public borrowing func next() -> Signal? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        // In bounds: the kernel writes one structure.
        guard descriptor.withRaw({ unsafe read($0, &information, size) }) == size else { return nil }
        return Int32(bitPattern: information.ssi_signo) == SIGHUP ? .reload : .end
    }
}
