/// Prometheus' text format, version 0.0.4.
public enum MetricText {
    /// The value of Content-Type.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The families one after the other, in UTF-8.
    public static func bytes(_ families: [MetricFamily]) -> [UInt8] {
        var bytes: [UInt8] = []
        for family in families {
            bytes += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n".utf8
            bytes += "# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
            for sample in family.samples { append(sample, of: family.name, to: &bytes) }
        }
        return bytes
    }

    private static func append(_ sample: MetricSample, of name: String, to bytes: inout [UInt8]) {
        switch sample.value {
        case .integer(let count): appendLine(name, sample.labels, String(count), to: &bytes)
        case .number(let number): appendLine(name, sample.labels, text(number), to: &bytes)
        case .histogram(let histogram):
            var total: UInt64 = 0
            for (count, bound) in zip(histogram.counts, histogram.bounds + [.infinity]) {
                total += count
                appendLine("\(name)_bucket", sample.labels + [.init("le", text(bound))], String(total), to: &bytes)
            }
            appendLine("\(name)_sum", sample.labels, text(histogram.sum), to: &bytes)
            appendLine("\(name)_count", sample.labels, String(total), to: &bytes)
        }
    }

    private static func appendLine(
        _ name: String, _ labels: [MetricSample.Label], _ value: String, to bytes: inout [UInt8]
    ) {
        bytes += name.utf8
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            for (index, label) in labels.enumerated() {
                bytes += "\(index == 0 ? "" : ",")\(label.name)=\"\(escaped(label.value, quotes: true))\"".utf8
            }
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += " \(value)\n".utf8
    }

    /// As Go reads numbers.
    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        let text = number.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `\\`, `\n`, and `\"` where the text stands in quotes.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
            case UInt8(ascii: "\"") where quotes: bytes += #"\""#.utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
