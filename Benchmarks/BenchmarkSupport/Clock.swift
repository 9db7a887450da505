import Glibc

/// Time that this process and its threads spent on a core: unlike time on the wall, it hardly depends on what else
/// runs on the machine.
public enum Clock {
    /// Nanoseconds of CPU time since the process began.
    public static var cpuNanoseconds: UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }
    /// Nanoseconds on a clock that only goes forward.
    public static var wallNanoseconds: UInt64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        // The kernel writes one timespec.
        let status = unsafe clock_gettime(clock, &time)
        precondition(status == 0, "clock_gettime: \(errno)")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// CPU nanoseconds that `work` takes, divided by `count`.
    public static func nanoseconds(per count: Int, _ work: () throws -> Void) rethrows -> Double {
        let start = cpuNanoseconds
        try work()
        return Double(cpuNanoseconds - start) / Double(count)
    }
}

extension [Double] {
    /// The middle value. Precondition: not empty.
    public var median: Double { quantile(0.5) }

    /// The value below which a share of the values is. Precondition: not empty.
    public func quantile(_ share: Double) -> Double { sorted()[Int(Double(count - 1) * share + 0.5)] }
}
