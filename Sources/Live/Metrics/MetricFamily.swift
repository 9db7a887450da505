/// A metric with all its label sets, as Prometheus takes it.
public struct MetricFamily: Hashable, Sendable {
    /// How the values behave.
    public enum Kind: String, Hashable, Sendable {
        /// Only grows, from 0 at the start of the process.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts observations by their size.
        case histogram
    }

    /// With the unit in it, such as `_bytes` or `_seconds`; of a counter with `_total` at the end.
    public let name: String
    /// One sentence.
    public let help: String
    public let kind: Kind
    /// One for each label set, in the order they are written.
    public var samples: [MetricSample]

    /// - Precondition: the name is one, and ends in `_total` if this is a counter and only then.
    public init(_ name: String, _ kind: Kind, help: String, _ samples: [MetricSample] = []) {
        precondition(Self.isName(name), "not the name of a metric: \(name)")
        precondition((kind == .counter) == name.hasSuffix("_total"), "\(name) is a \(kind.rawValue)")
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A letter or `_`, then letters, digits and `_`. Metrics (not labels) may have colons, which are left to
    /// recording rules.
    static func isName(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
        }
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        return text.utf8.first.map(isLetter) ?? false && text.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }
}

/// The value of a metric for one label set.
public struct MetricSample: Hashable, Sendable {
    /// A name and its value, which may be any text.
    public struct Label: Hashable, Sendable {
        public let name: String
        public var value: String

        /// - Precondition: the name is one.
        public init(_ name: String, _ value: String) {
            precondition(MetricFamily.isName(name), "not the name of a label: \(name)")
            self.name = name
            self.value = value
        }
    }

    /// What is measured.
    public enum Value: Hashable, Sendable {
        /// Written exactly, though Prometheus keeps 53 bits of it.
        case integer(UInt64)
        case number(Double)
        case histogram(MetricHistogram)
    }

    /// Each name once.
    public var labels: [Label]
    public var value: Value

    public init(_ labels: [Label] = [], _ value: Value) {
        self.labels = labels
        self.value = value
    }

    public init(_ labels: [Label] = [], _ count: UInt64) { self.init(labels, .integer(count)) }
}

/// Observations counted by size.
public struct MetricHistogram: Hashable, Sendable {
    /// Upper bounds of the buckets, in rising order, without the last one (infinity).
    public let bounds: [Double]
    /// Observations in each bucket alone; one more than bounds.
    public private(set) var counts: [UInt64]
    public private(set) var sum = 0.0

    /// - Precondition: the bounds are finite and rise.
    public init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 } && bounds.allSatisfy(\.isFinite))
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts a value in the first bucket whose bound it does not exceed.
    public mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
