import CommandLineTool

/// How much a log line matters.
public enum LogLevel: String, Hashable, Sendable, Comparable, CaseIterable {
    /// Something does not work.
    case error
    /// Something works, and not as it should.
    case warning
    /// What happens now and then.
    case info
    /// What happens all the time.
    case debug

    /// Lines that matter more come first.
    public static func < (a: LogLevel, b: LogLevel) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
}

/// What a field of a log line holds.
public enum LogValue: Hashable, Sendable {
    case text(String)
    /// Text from outside that may be no UTF-8, such as a file name.
    case bytes([UInt8])
    case integer(Int128)
    case bool(Bool)

    /// Any integer of up to 64 bits.
    public init(_ number: some FixedWidthInteger) { self = .integer(Int128(number)) }

    /// Anything that says what it is, such as an error.
    public init(_ value: some CustomStringConvertible) { self = .text(value.description) }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int128) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// A name and a value beside a log line's message. The name is a word of the program's, such as `map`.
public struct LogField: Hashable, Sendable {
    public var name: String
    public var value: LogValue

    public init(_ name: String, _ value: LogValue) {
        self.name = name
        self.value = value
    }
}

extension LogValue {
    /// For a line in JSON. What is no UTF-8 becomes U+FFFD.
    var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .bytes(let bytes): .string(String(decoding: bytes, as: UTF8.self))
        case .integer(let number): .integer(number)
        case .bool(let value): .bool(value)
        }
    }

    /// For a line of text: as it is where that is one plain word, else in quotes.
    var text: String {
        switch self {
        case .text(let text): LogText.value(Array(text.utf8))
        case .bytes(let bytes): LogText.value(bytes)
        case .integer(let number): String(number)
        case .bool(let value): value ? "true" : "false"
        }
    }
}
