import CSocketCalls
import Glibc

/// What the guest could not do.
struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// The result of one of our C calls, which give minus the error number.
@discardableResult
func checked<Number: SignedInteger>(
    _ result: Number, _ what: @autoclosure () -> String
) throws(Failure) -> Number {
    guard result < 0 else { return result }
    // strerror returns a terminated string that is copied at once.
    throw Failure("\(what()): \(unsafe String(cString: strerror(CInt(-result))))")
}

/// Calls again and again until the answer is yes.
/// - Throws: when the time is up, which is generous: the machine is slow.
func wait(for what: @autoclosure () -> String, seconds: UInt64 = 60, until isSo: () throws -> Bool) throws {
    let end = sc_monotonic_ns() + seconds * 1_000_000_000
    while try !isSo() {
        guard sc_monotonic_ns() < end else { throw Failure("\(what()) did not come within \(seconds) s") }
        usleep(5000)
    }
}
