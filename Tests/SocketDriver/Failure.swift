import CSocketCalls
import Glibc

/// A call of the kernel that failed.
struct Failure: Error {
    let errno: CInt

    init(_ errno: CInt) { self.errno = errno }
}

/// The result of one of our C calls, which give minus the error number.
@discardableResult
func checked<Number: SignedInteger>(_ result: Number) throws(Failure) -> Number {
    guard result >= 0 else { throw Failure(CInt(-result)) }
    return result
}

/// A point in time until which something is waited for.
struct Deadline {
    private let end: UInt64

    init(milliseconds: UInt32) { end = sc_monotonic_ns() + UInt64(milliseconds) * 1_000_000 }

    /// Rounded up; 0 when the time is up.
    var remainingMilliseconds: CInt {
        let now = sc_monotonic_ns()
        return now >= end ? 0 : CInt((end - now + 999_999) / 1_000_000)
    }

    /// Asks again and again, soon at first, until the answer is yes or the time is up.
    func waitUntil(_ isDone: () -> Bool) -> Bool {
        var pauseMicroseconds: UInt32 = 0
        while !isDone() {
            if remainingMilliseconds == 0 { return isDone() }
            if pauseMicroseconds > 0 { usleep(pauseMicroseconds) } else { sched_yield() }
            pauseMicroseconds = min(pauseMicroseconds + 20, 1000)
        }
        return true
    }
}
