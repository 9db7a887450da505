/// Several captures as one, in the order of time.
///
/// Equal times go by the captures' order. Each capture's own order is kept, also where its timestamps go back. A
/// capture that breaks off does so by itself: its error joins `faults`, and the others go on.
@safe
public struct MergedCaptures: ~Copyable {
    /// In memory of this value: arrays do not hold what cannot be copied.
    private let readers: UnsafeMutableBufferPointer<CaptureReader>
    /// The time of each capture's next record; nil after its last.
    private var heads: [UInt64?] = []
    /// Whose record was given last, and has to step on before the next is chosen.
    private var last = -1
    @usableFromInline
    private(set) var current = CaptureRecord.none
    /// Its bytes, as its reader lends them; nil before the first.
    @usableFromInline
    private(set) var currentBytes: UnsafeRawPointer?
    /// In the order of their appearance.
    public private(set) var faults: [CaptureError] = []

    /// Opens all of them, in this order.
    /// - Throws: for the first that cannot be opened.
    public init(paths: [String]) throws(CaptureError) {
        let readers = UnsafeMutableBufferPointer<CaptureReader>.allocate(capacity: paths.count)
        for (index, path) in paths.enumerated() {
            do throws(CaptureError) {
                // In bounds: there is room for every path.
                try unsafe readers.initializeElement(at: index, to: CaptureReader(path: path))
            } catch {
                // Those that were opened before.
                unsafe readers.extracting(..<index).deinitialize()
                unsafe readers.deallocate()
                throw error
            }
        }
        unsafe self.init(adopting: readers)
        for index in 0..<count { step(index) }
    }

    private init(adopting readers: UnsafeMutableBufferPointer<CaptureReader>) {
        unsafe self.readers = readers
        heads = [UInt64?](repeating: nil, count: readers.count)
    }

    deinit {
        unsafe readers.deinitialize()
        unsafe readers.deallocate()
    }

    /// How many captures there are.
    public var count: Int { heads.count }

    /// The next record in time, and the index of its capture.
    @inlinable
    public mutating func next() -> (capture: Int, record: CaptureRecord)? {
        // Inlined, so that the record is not copied but for what is asked for.
        let capture = advance()
        return capture < 0 ? nil : (capture, current)
    }

    /// Makes the next record the current one.
    /// - Returns: The index of its capture; -1 at the end.
    @usableFromInline
    mutating func advance() -> Int {
        if last >= 0 { step(last) }
        last = -1
        var earliest: UInt64 = 0
        for index in heads.indices {
            guard let head = heads[index], last < 0 || head < earliest else { continue }
            (last, earliest) = (index, head)
        }
        if last >= 0 {
            // In bounds: the index of one of the captures.
            unsafe current = readers[last].current
            unsafe currentBytes = readers[last].currentBytes
        }
        return last
    }

    private mutating func step(_ index: Int) {
        heads[index] = nil
        do throws(CaptureError) {
            // In bounds: the index of one of the captures.
            if try unsafe readers[index].advance() { unsafe heads[index] = readers[index].current.timestamp }
        } catch {
            faults.append(error)
        }
    }

    /// Lends the captured bytes of the record that `next` gave last.
    @inlinable
    public func withBytes<R, E: Error>(
        of record: CaptureRecord, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        precondition(record.isSame(as: current), "record \(record.number) is no longer at hand")
        // In bounds: both come from the same reader, which does not step on while the captures are borrowed.
        return try unsafe body(UnsafeRawBufferPointer(start: currentBytes, count: record.capturedByteCount).bytes)
    }

    /// Lends a capture's reader, for its interfaces, notes and counts.
    public func withReader<R>(_ capture: Int, _ body: (borrowing CaptureReader) -> R) -> R {
        precondition(heads.indices.contains(capture), "capture \(capture) of \(heads.count)")
        // In bounds: checked above.
        return unsafe body(readers[capture])
    }

    /// How many bytes have been read of how many there are, over all captures.
    /// - Returns: nil where one of them has no size.
    public var progress: (byteCount: UInt64, of: UInt64)? {
        var sum: (byteCount: UInt64, of: UInt64) = (0, 0)
        for index in heads.indices {
            guard let part = withReader(index, { $0.progress }) else { return nil }
            sum = (sum.byteCount + part.byteCount, sum.of + part.of)
        }
        return sum
    }
}
