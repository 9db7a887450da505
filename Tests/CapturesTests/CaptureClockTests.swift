import Testing

@testable import Captures

/// Units of time of pcapng interfaces.
struct CaptureClockTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let resolution: UInt8
        var offset: Int64 = 0
        let ticks: UInt64
        let nanoseconds: UInt64?
    }

    static let rows = [
        Row(testDescription: "seconds", resolution: 0, ticks: 3, nanoseconds: 3_000_000_000),
        Row(testDescription: "microseconds", resolution: 6, ticks: 1_000_001, nanoseconds: 1_000_001_000),
        Row(testDescription: "nanoseconds", resolution: 9, ticks: .max, nanoseconds: .max),
        Row(testDescription: "picoseconds", resolution: 12, ticks: 1999, nanoseconds: 1),
        Row(testDescription: "the finest that 64 bits divide by", resolution: 28, ticks: .max, nanoseconds: 1),
        Row(testDescription: "finer than that", resolution: 29, ticks: .max, nanoseconds: 0),
        Row(testDescription: "the finest power of ten", resolution: 127, ticks: .max, nanoseconds: 0),
        Row(testDescription: "too many seconds", resolution: 0, ticks: 18_446_744_074, nanoseconds: nil),
        Row(
            testDescription: "the last second", resolution: 0, ticks: 18_446_744_073,
            nanoseconds: 18_446_744_073_000_000_000),
        Row(testDescription: "2^0", resolution: 0x80, ticks: 2, nanoseconds: 2_000_000_000),
        Row(testDescription: "2^0, too many", resolution: 0x80, ticks: 18_446_744_074, nanoseconds: nil),
        Row(testDescription: "2^-10", resolution: 0x8a, ticks: 1536, nanoseconds: 1_500_000_000),
        Row(testDescription: "2^-32", resolution: 0xa0, ticks: 3 << 31, nanoseconds: 1_500_000_000),
        Row(testDescription: "2^-1, too many", resolution: 0x81, ticks: .max, nanoseconds: nil),
        Row(testDescription: "2^-63", resolution: 0xbf, ticks: 1 << 63, nanoseconds: 1_000_000_000),
        Row(testDescription: "2^-64", resolution: 0xc0, ticks: 1 << 63, nanoseconds: 500_000_000),
        Row(testDescription: "2^-127", resolution: 0xff, ticks: .max, nanoseconds: 0),
        Row(testDescription: "an offset", resolution: 6, offset: 2, ticks: 5, nanoseconds: 2_000_005_000),
        Row(testDescription: "an offset back", resolution: 0, offset: -2, ticks: 5, nanoseconds: 3_000_000_000),
        Row(testDescription: "an offset to before 1970", resolution: 0, offset: -6, ticks: 5, nanoseconds: nil),
        Row(testDescription: "the largest offset", resolution: 0, offset: .max, ticks: 0, nanoseconds: nil),
        Row(testDescription: "the least offset", resolution: 0, offset: .min, ticks: 0, nanoseconds: nil),
    ]

    @Test(arguments: rows)
    func ticksBecomeNanosecondsOrNothing(_ row: Row) {
        let clock = CaptureClock(resolution: row.resolution, offsetSeconds: row.offset)
        #expect(clock.nanoseconds(row.ticks) == row.nanoseconds)
    }
}
