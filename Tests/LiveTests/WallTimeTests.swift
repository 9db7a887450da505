import Live
import Testing

@Test(
    arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"), (4_107_542_399_999_000_000, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
        (1_735_689_599_000_000_000, "2024-12-31T23:59:59.000Z"),
    ] as [(Int64, String)])
func timesAreWrittenInUTC(_ nanoseconds: Int64, text: String) {
    #expect(WallTime(nanoseconds: nanoseconds).description == text)
}

@Test func everyDayFollowsTheOneBefore() {
    var (year, month, day) = (1970, 1, 1)
    for index in 0..<100_000 {
        let text = WallTime(nanoseconds: Int64(index) * 86_400_000_000_000).description.prefix(10)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if text != "\(year)-\(two(month))-\(two(day))" {
            Issue.record("day \(index) is \(text)")
            break
        }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        day += 1
        if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
        if month > 12 { (year, month) = (year + 1, 1) }
    }
}

@Test func aTimeSinceBootIsATimeOfTheWallClock() {
    let now = WallTime.now()
    let converted = BootClock.now().wallTime(of: BootClock.sinceBootNanoseconds())
    #expect(abs(converted.nanoseconds - now.nanoseconds) < 10_000_000_000)
    #expect(BootClock(boot: now).wallTime(of: .max).nanoseconds == .max)
}
