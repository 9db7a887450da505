/// The part of a stream that can be looked at: a buffer that moves along.
///
/// Files are read and not mapped: faults of a mapping cost twice as much as the copies here, measured with warm pages,
/// and a file that becomes shorter under a mapping would end the process.
@safe
struct CaptureWindow: ~Copyable {
    /// A request for more at once is a mistake of the caller.
    static let capacityLimit = 1 << 21
    /// At the beginning; small enough to stay in the processor's cache. It grows to what is asked for.
    private static let initialCapacity = 1 << 17
    /// What is stepped over goes through the buffer in pieces of that many bytes.
    private static let step = 1 << 16

    /// Of the buffer.
    private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Where in the stream `base` is.
    private(set) var start: UInt64 = 0
    /// From `base` to the end of the bytes that are there.
    private(set) var end = 0
    /// From `base` to what comes next.
    private(set) var position = 0
    private let stream: any ByteStream
    /// Why the stream has ended before its end.
    private(set) var fault: StreamFault?

    init(over stream: any ByteStream) {
        self.stream = stream
        capacity = Self.initialCapacity
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// Where in the stream the next byte is.
    var offset: UInt64 { start + UInt64(position) }
    /// How many of the next bytes are there without reading on.
    var available: Int { end - position }

    /// Sees to it that the next `count` bytes are there. What was lent of earlier bytes is no longer valid.
    /// - Returns: false where the stream ends before, with `fault` where that is not its end.
    @inline(__always)
    mutating func ensure(_ count: Int) -> Bool {
        end - position >= count || fill(count)
    }

    /// Steps over bytes that are there.
    @inline(__always)
    mutating func advance(_ count: Int) {
        precondition(count <= end - position, "\(count) bytes of \(end - position)")
        position += count
    }

    /// Steps over bytes that need not be there yet.
    /// - Returns: false where the stream ends before.
    mutating func skip(_ count: Int) -> Bool {
        var rest = count
        while rest > 0 {
            guard ensure(min(rest, Self.step)) else { return false }
            let part = min(rest, available)
            advance(part)
            rest -= part
        }
        return true
    }

    /// Moves what is left to the front and reads on.
    @inline(never)
    private mutating func fill(_ count: Int) -> Bool {
        precondition(count <= Self.capacityLimit, "\(count) bytes are more than the window may show")
        guard fault == nil else { return false }
        let left = available
        // In bounds: what is left lies in the buffer, and so does a place before it.
        unsafe base.copyMemory(from: base + position, byteCount: left)
        start += UInt64(position)
        position = 0
        end = left
        if count > capacity { grow(to: min(max(count, 2 * capacity), Self.capacityLimit)) }
        do throws(StreamFault) {
            while end < count {
                // In bounds: the rest of the buffer, not empty since the count fits in.
                let room = unsafe UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
                let read = try unsafe stream.read(into: room)
                if read == 0 { return false }
                end += read
            }
        } catch {
            fault = error
            return false
        }
        return true
    }

    private mutating func grow(to newCapacity: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        // In bounds: `end` is within the old buffer, which is the smaller one.
        unsafe larger.copyMemory(from: base, byteCount: end)
        unsafe base.deallocate()
        unsafe base = larger
        capacity = newCapacity
    }

    // MARK: Numbers

    /// One byte ahead; the caller has ensured it.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        assert(offset >= 0 && position + offset < end)
        // In bounds: ensured by the caller, asserted above.
        return unsafe base.load(fromByteOffset: position + offset, as: UInt8.self)
    }

    /// Two bytes ahead, the lowest first unless swapped; the caller has ensured them.
    @inline(__always)
    func number16(at offset: Int, swapped: Bool) -> UInt16 {
        assert(offset >= 0 && position + offset + 2 <= end)
        // In bounds: ensured by the caller, asserted above.
        let number = unsafe base.loadUnaligned(fromByteOffset: position + offset, as: UInt16.self).littleEndian
        return swapped ? number.byteSwapped : number
    }

    /// Four bytes ahead, the lowest first unless swapped; the caller has ensured them.
    @inline(__always)
    func number32(at offset: Int, swapped: Bool) -> UInt32 {
        assert(offset >= 0 && position + offset + 4 <= end)
        // In bounds: ensured by the caller, asserted above.
        let number = unsafe base.loadUnaligned(fromByteOffset: position + offset, as: UInt32.self).littleEndian
        return swapped ? number.byteSwapped : number
    }

    /// Where bytes ahead are until the next `ensure`; the caller has ensured them.
    @inline(__always)
    func bytes(at offset: Int, count: Int) -> UnsafeRawPointer {
        precondition(offset >= 0 && count >= 0 && position + offset + count <= end)
        // In bounds: checked above.
        return unsafe UnsafeRawPointer(base + position + offset)
    }

    /// A copy of bytes ahead; the caller has ensured them.
    func copy(at offset: Int, count: Int) -> [UInt8] {
        // In bounds: checked by the callee.
        unsafe Array(UnsafeRawBufferPointer(start: bytes(at: offset, count: count), count: count))
    }
}
