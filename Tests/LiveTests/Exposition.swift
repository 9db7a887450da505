import Testing

/// A text in Prometheus' format, read as strictly as the format allows.
struct Exposition {
    /// What is wrong, and where.
    struct Failure: Error {
        var line: Int
        var message: String
    }

    private(set) var types: [String: String] = [:]
    /// Names and labels as they stand there → the value.
    private(set) var samples: [String: Double] = [:]

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Failure(line: 0, message: "no newline at the end") }
        var (helped, current) = (Set<String>(), "")
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().enumerated() {
            func fail(_ message: String) -> Failure { Failure(line: index + 1, message: "\(message): \(line)") }
            let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, helped.insert(words[2]).inserted else { throw fail("bad or second HELP") }
                current = words[2]
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, words[2] == current, types[current] == nil,
                    ["counter", "gauge", "histogram"].contains(words[3])
                else { throw fail("bad TYPE") }
                types[current] = words[3]
            } else {
                let sample = try Self.sample(line, fail)
                let allowed =
                    types[current] == "histogram"
                    ? ["_bucket", "_sum", "_count"].map { current + $0 } : [current]
                guard types[current] != nil, allowed.contains(sample.name) else { throw fail("not in its family") }
                guard samples.updateValue(sample.value, forKey: sample.key) == nil else { throw fail("twice") }
            }
        }
    }

    private static func sample(
        _ line: Substring, _ fail: (String) -> Failure
    ) throws -> (name: String, key: String, value: Double) {
        var rest = Array(line.unicodeScalars)[...]
        func isName(_ scalar: Unicode.Scalar) -> Bool {
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || scalar == "_"
        }
        func takeName() throws -> String {
            let name = rest.prefix(while: isName)
            guard let first = name.first, !("0"..."9").contains(first) else { throw fail("no name") }
            rest = rest.dropFirst(name.count)
            return String(String.UnicodeScalarView(name))
        }
        func take(_ scalar: Unicode.Scalar) -> Bool {
            guard rest.first == scalar else { return false }
            rest = rest.dropFirst()
            return true
        }
        let name = try takeName()
        var labels: Set<String> = []
        if take("{") {
            repeat {
                guard labels.insert(try takeName()).inserted else { throw fail("label twice") }
                guard take("="), take("\"") else { throw fail("no label value") }
                while let scalar = rest.first, scalar != "\"" {
                    rest = rest.dropFirst()
                    guard scalar != "\\" || take("\\") || take("\"") || take("n") else { throw fail("bad escape") }
                }
                guard take("\"") else { throw fail("open label value") }
            } while take(",")
            guard take("}") else { throw fail("open labels") }
        }
        let key = String(line.unicodeScalars.dropLast(rest.count))
        guard take(" ") else { throw fail("no value") }
        let text = String(String.UnicodeScalarView(rest))
        let special = ["+Inf": Double.infinity, "-Inf": -Double.infinity, "NaN": Double.nan]
        guard let value = special[text] ?? Double(text), special[text] != nil || value.isFinite else {
            throw fail("bad value")
        }
        return (name, key, value)
    }
}
