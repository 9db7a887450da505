import Glibc

/// Owns one kernel file descriptor and closes it exactly once.
public struct Descriptor: ~Copyable, Sendable {
    private let raw: CInt

    /// Takes over `raw`, which nobody else may close.
    public init(adopting raw: CInt) {
        precondition(raw >= 0, "not a descriptor: \(raw)")
        self.raw = raw
    }

    deinit { close(raw) }

    /// Lends the number. It must not be kept.
    public borrowing func withRaw<Result, Failure: Error>(
        _ body: (CInt) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(raw)
    }
}
