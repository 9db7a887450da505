import Glibc

/// A moment by the clock on the wall, in UTC.
public struct WallTime: Hashable, Sendable, Comparable {
    /// Since 1970-01-01T00:00:00Z, without leap seconds.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The system's time.
    public static func now() -> WallTime { WallTime(nanoseconds: read(CLOCK_REALTIME)) }

    /// Nanoseconds of one of the system's clocks.
    fileprivate static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // In bounds: the call fills the one value. It does not fail for these clocks.
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    public static func < (a: WallTime, b: WallTime) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// Turns times since boot, which the kernel's programs tell, into times of the wall clock.
public struct BootClock: Hashable, Sendable {
    /// When the machine was booted, less the time that it slept since.
    public var boot: WallTime

    public init(boot: WallTime) { self.boot = boot }

    /// By the difference of the two clocks now. Ask again now and then: the wall clock may be set.
    public static func now() -> BootClock {
        BootClock(boot: WallTime(nanoseconds: WallTime.read(CLOCK_REALTIME) - WallTime.read(CLOCK_MONOTONIC)))
    }

    /// The time since boot, as bpf_ktime_get_ns tells it.
    public static func sinceBootNanoseconds() -> UInt64 { UInt64(clamping: WallTime.read(CLOCK_MONOTONIC)) }

    /// The moment that was `nanoseconds` after the boot.
    public func wallTime(of nanoseconds: UInt64) -> WallTime {
        let (sum, isTooLate) = boot.nanoseconds.addingReportingOverflow(Int64(clamping: nanoseconds))
        return WallTime(nanoseconds: isTooLate ? .max : sum)
    }
}

extension WallTime: CustomStringConvertible {
    /// RFC 3339 in UTC to the millisecond: `2026-11-21T09:00:00.123Z`.
    public var description: String {
        let milliseconds = Self.floored(nanoseconds, by: 1_000_000)
        let (days, inDay) = (Self.floored(milliseconds, by: 86_400_000), Self.remainder(milliseconds, by: 86_400_000))
        let date = Self.date(days)
        let second = inDay / 1000
        let time = [second / 3600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))T\(time)."
            + "\(Self.padded(inDay % 1000, 3))Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func remainder(_ number: Int64, by divisor: Int64) -> Int64 {
        let rest = number % divisor
        return rest < 0 ? rest + divisor : rest
    }

    private static func floored(_ number: Int64, by divisor: Int64) -> Int64 {
        (number - remainder(number, by: divisor)) / divisor
    }

    /// The date of a day counted from 1970-01-01, in the Gregorian calendar. Years begin in March here, so that the
    /// leap day is a year's last, and 400 of them have 146,097 days.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let fromMarch0 = days + 719_468
        let era = floored(fromMarch0, by: 146_097)
        let dayOfEra = remainder(fromMarch0, by: 146_097)
        let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        // Months of 31, 30, 31, 30, 31 days from March on: 153 in five.
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (year + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
