import Model

/// A line of what `ip xfrm` prints or takes, word by word: keys, each with the values that it needs.
struct XFRMLine {
    let file: String
    /// From 1.
    let number: Int
    private let words: [(text: Substring, column: Int)]
    private var index = 0

    /// - Parameter text: One line; quotes around words, as a shell needs them, are left out.
    init(_ text: Substring, file: String, number: Int) {
        self.file = file
        self.number = number
        var words: [(text: Substring, column: Int)] = []
        var column = 1
        var rest = text
        while let first = rest.first {
            let word = rest.prefix { !$0.isWhitespace }
            if word.isEmpty {
                column += 1
                rest.removeFirst()
                continue
            }
            let isQuoted = word.count > 1 && first == word.last && "'\"".contains(first)
            words.append((isQuoted ? word.dropFirst().dropLast() : word, column))
            column += word.count
            rest = rest.dropFirst(word.count)
        }
        self.words = words
    }

    var isEmpty: Bool { words.isEmpty }
    /// Whether all words were taken.
    var isAtEnd: Bool { index == words.count }
    /// The next word, which stays.
    var next: Substring? { isAtEnd ? nil : words[index].text }
    /// All words, with single spaces.
    var text: String { words.map { String($0.text) }.joined(separator: " ") }

    /// The words that were not taken, with single spaces.
    var rest: String { words[index...].map { String($0.text) }.joined(separator: " ") }

    /// Where the next word stands, or the last where there is none.
    var position: Position {
        Position(line: number, column: isAtEnd ? words.last?.column ?? 1 : words[index].column)
    }

    /// An error about the next word.
    func error(_ message: String) -> InputError { InputError(file, position, message) }

    /// Takes the next word where it is this one.
    mutating func take(_ word: String) -> Bool {
        guard next == word[...] else { return false }
        index += 1
        return true
    }

    /// Takes the next word.
    mutating func word() -> Substring? {
        guard let next else { return nil }
        index += 1
        return next
    }

    /// Takes a value that must be there, and has a form.
    /// - Parameters:
    ///   - key: What it is the value of.
    ///   - form: What would be right, for the error.
    mutating func value<Value>(
        of key: String, _ form: String, _ parse: (Substring) -> Value?
    ) throws(InputError) -> Value {
        guard let next else { throw error("\(key) needs a value: \(form)") }
        guard let value = parse(next) else { throw error("\(key) must be \(form), not \"\(next)\"") }
        index += 1
        return value
    }

    mutating func text(of key: String) throws(InputError) -> Substring { try value(of: key, "a word") { $0 } }

    /// A number in decimal or, after 0x, in hexadecimal; what stands behind it in parentheses says it once more.
    mutating func number<Number: FixedWidthInteger>(
        of key: String, as type: Number.Type = Number.self
    ) throws(InputError) -> Number {
        try value(of: key, "a number up to \(Number.max)") { Self.number($0.prefix { $0 != "(" }) }
    }

    mutating func address(of key: String) throws(InputError) -> IPAddress {
        try value(of: key, "an IP address") { IPAddress($0) }
    }

    mutating func prefix(of key: String) throws(InputError) -> Prefix {
        try value(of: key, "an address prefix such as 10.244.1.0/24") { Prefix($0) }
    }

    /// `0xd0/0xffffffff` as it is printed, `0xd0 mask 0xffffffff` as it is given; without a mask all bits count.
    mutating func mark(of key: String) throws(InputError) -> MarkSelector {
        var mark = try value(of: key, "a mark such as 0xd0/0xffffffff") { word in
            let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let value: UInt32 = Self.number(parts[0]) else { return MarkSelector?.none }
            guard parts.count == 2 else { return MarkSelector(value: value, mask: .max) }
            return Self.number(parts[1]).map { MarkSelector(value: value, mask: $0) }
        }
        if take("mask") { mark.mask = try number(of: "mask") }
        return mark
    }

    private static func number<Number: FixedWidthInteger>(_ text: Substring) -> Number? {
        guard text.hasPrefix("0x") || text.hasPrefix("0X") else { return Digits.decimal(text) }
        let digits = text.dropFirst(2)
        guard digits.utf8.allSatisfy({ Digits.value(ofHexadecimal: $0) != nil }) else { return nil }
        return Number(digits, radix: 16)
    }
}
