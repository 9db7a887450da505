import Glibc
import Live
import Testing

/// A pipe of which a test reads the end.
private struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws {
        var ends: [CInt] = [-1, -1]
        // In bounds: pipe(2) fills two numbers.
        try #require(unsafe pipe(&ends) == 0)
        reading = Descriptor(adopting: ends[0])
        writing = Descriptor(adopting: ends[1])
    }

    /// What has been written so far, at least one byte.
    func text() -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        // In bounds: read(2) writes at most the array's size.
        let count = reading.withRaw { raw in
            unsafe bytes.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
        }
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

private let time = WallTime(nanoseconds: 1_795_251_600_123_999_999)

private func written(_ format: LogFormat, level: LogLevel = .info, _ body: (Log) -> Void) throws -> String {
    let pipe = try Pipe()
    let log = pipe.writing.withRaw { Log(level: level, format: format, descriptor: $0, clock: { time }) }
    body(log)
    return pipe.text()
}

@Test func aLineHasTimeLevelMessageAndFields() throws {
    let body = { (log: Log) in
        log.warning("a map is full", .init("map", "km_frontend"), .init("entries", 5), .init("last", true))
    }
    #expect(
        try written(.text, body)
            == "2026-11-21T09:00:00.123Z warning a map is full map=km_frontend entries=5 last=true\n")
    #expect(
        try written(.json, body)
            == #"{"time":"2026-11-21T09:00:00.123Z","level":"warning","message":"a map is full","#
            + #""map":"km_frontend","entries":5,"last":true}"# + "\n")
}

@Test func linesThatMatterLessAreLeftOut() throws {
    let body = { (log: Log) in
        log.debug("d")
        log.info("i")
        log.warning("w")
        log.error("e")
    }
    #expect(try written(.text, level: .warning, body).split(separator: "\n").map { $0.suffix(1) } == ["w", "e"])
    #expect(try written(.text, level: .debug, body).split(separator: "\n").count == 4)
}

@Test(
    arguments: [
        (LogValue.text(""), #""""#, #""""#),
        (.text("a b"), #""a b""#, #""a b""#),
        (.text("k=v"), #""k=v""#, #""k=v""#),
        (.text("10.0.0.1:80"), "10.0.0.1:80", #""10.0.0.1:80""#),
        (.text("größe"), "größe", #""größe""#),
        (.text("\"\\"), #""\"\\""#, #""\"\\""#),
        (.text("a\nb\r\t\u{1b}[2J\u{7f}"), #""a\nb\r\t\x1b[2J\x7f""#, "\"a\\nb\\r\\t\\u001b[2J\u{7f}\""),
        (.text("\u{9b}2J"), #""\xc2\x9b2J""#, "\"\u{9b}2J\""),
        (.bytes([0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82]), #""a\xffé\xe2\x82""#, "\"a\u{fffd}é\u{fffd}\""),
        (.bytes([0xc0, 0xaf, 0xed, 0xa0, 0x80]), #""\xc0\xaf\xed\xa0\x80""#, nil),
        (LogValue(Int64.min), "-9223372036854775808", "-9223372036854775808"),
    ] as [(LogValue, String, String?)])
func valuesAreEscaped(_ value: LogValue, text: String, json: String?) throws {
    #expect(
        try written(.text) { $0.info("m", .init("k", value)) } == "2026-11-21T09:00:00.123Z info m k=\(text)\n")
    guard let json else { return }
    #expect(try written(.json) { $0.info("m", .init("k", value)) }.hasSuffix("\"message\":\"m\",\"k\":\(json)}\n"))
}

@Test func aMessageStaysOnItsLine() throws {
    #expect(try written(.text) { $0.info("a\n\"b\" \\ é") } == "2026-11-21T09:00:00.123Z info a\\n\"b\" \\ é\n")
}

@Test func linesOfSeveralThreadsDoNotMix() async throws {
    let pipe = try Pipe()
    // A pipe takes no more than 64 KiB at once, so the lines have to be shorter together.
    let log = pipe.writing.withRaw { Log(descriptor: $0, clock: { time }) }
    await withTaskGroup { group in
        for letter in ["a", "b", "c", "d"] {
            group.addTask {
                for _ in 0..<20 { log.info(String(repeating: letter, count: 500)) }
            }
        }
    }
    let lines = pipe.text().split(separator: "\n")
    #expect(lines.count == 80)
    #expect(lines.allSatisfy { $0.count == 530 && Set($0.suffix(500)).count == 1 })
}

@Test func aLineThatNobodyTakesIsCounted() throws {
    let log = Log(descriptor: -1, clock: { time })
    log.info("a")
    log.debug("b")
    log.info("c")
    #expect(log.lostCount == 2)
}

@Test func aTornLineDoesNotSpoilTheNextOne() throws {
    let pipe = try Pipe()
    let log = pipe.writing.withRaw { Log(descriptor: $0, clock: { time }) }
    pipe.writing.withRaw { _ = fcntl($0, F_SETFL, O_NONBLOCK) }
    log.info(String(repeating: "a", count: 100_000))
    #expect(pipe.text().count == 65_536)
    log.info("b")
    #expect(pipe.text() == "\n2026-11-21T09:00:00.123Z info b\n")
    #expect(log.lostCount == 1)
}
