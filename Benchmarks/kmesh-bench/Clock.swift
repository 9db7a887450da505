import Glibc

/// Time that this process and its threads spent on a core: unlike time on the wall, it hardly depends on what else
/// runs on the machine.
enum Clock {
    /// Nanoseconds of CPU time since the process began.
    static var cpuNanoseconds: UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }
    /// Nanoseconds on a clock that only goes forward.
    static var wallNanoseconds: UInt64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // The kernel writes one timespec.
        let status = unsafe clock_gettime(clock, &time)
        precondition(status == 0, "clock_gettime: \(errno)")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// CPU nanoseconds that `work` takes, divided by `count`.
    static func nanoseconds(per count: Int, _ work: () throws -> Void) rethrows -> Double {
        let start = cpuNanoseconds
        try work()
        return Double(cpuNanoseconds - start) / Double(count)
    }
}

extension [Double] {
    /// The middle value. Precondition: not empty.
    var median: Double { sorted()[count / 2] }
}
