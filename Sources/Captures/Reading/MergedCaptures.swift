/// Several captures as one, in the order of time.
///
/// Equal times go by the captures' order. Each capture's own order is kept, also where its timestamps go back. A
/// capture that breaks off does so by itself: its error joins `faults`, and the others go on.
public struct MergedCaptures: ~Copyable {
    /// One reader; a class, because arrays hold no readers themselves.
    private final class Input {
        var reader: CaptureReader
        var head: CaptureRecord?

        init(_ path: String) throws(CaptureError) { reader = try CaptureReader(path: path) }
    }

    private let inputs: [Input]
    /// Whose record was given last, and has to step on before the next is chosen.
    private var last: Int?
    /// In the order of their appearance.
    public private(set) var faults: [CaptureError] = []

    /// Opens all of them, in this order.
    /// - Throws: for the first that cannot be opened.
    public init(paths: [String]) throws(CaptureError) {
        var inputs: [Input] = []
        for path in paths { inputs.append(try Input(path)) }
        self.inputs = inputs
        for index in inputs.indices { step(index) }
    }

    /// The next record in time, and the index of its capture.
    public mutating func next() -> (capture: Int, record: CaptureRecord)? {
        if let last { step(last) }
        last = nil
        var earliest: UInt64 = 0
        for (index, input) in inputs.enumerated() {
            guard let head = input.head, last == nil || head.timestamp < earliest else { continue }
            (last, earliest) = (index, head.timestamp)
        }
        guard let last, let record = inputs[last].head else { return nil }
        return (last, record)
    }

    private mutating func step(_ index: Int) {
        do throws(CaptureError) {
            inputs[index].head = try inputs[index].reader.next()
        } catch {
            inputs[index].head = nil
            faults.append(error)
        }
    }

    /// Lends the captured bytes of the record that `next` gave last.
    public func withBytes<R, E: Error>(
        of record: CaptureRecord, in capture: Int, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        try inputs[capture].reader.withBytes(of: record, body)
    }

    /// How many captures there are.
    public var count: Int { inputs.count }

    /// Lends a capture's reader, for its interfaces, notes and counts.
    public func withReader<R>(_ capture: Int, _ body: (borrowing CaptureReader) -> R) -> R {
        body(inputs[capture].reader)
    }

    /// How many bytes have been read of how many there are, over all captures.
    /// - Returns: nil where one of them has no size.
    public var progress: (byteCount: UInt64, of: UInt64)? {
        var sum: (byteCount: UInt64, of: UInt64) = (0, 0)
        for input in inputs {
            guard let part = input.reader.progress else { return nil }
            sum = (sum.byteCount + part.byteCount, sum.of + part.of)
        }
        return sum
    }
}
