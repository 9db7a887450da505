import Glibc

/// The part of a capture that can be looked at: of a mapped file all of it, of a stream a buffer that moves along.
@safe
struct CaptureWindow: ~Copyable {
    /// A request for more at once is a mistake of the caller.
    static let capacityLimit = 1 << 21
    /// A stream's buffer at the beginning; it grows to what is asked for.
    private static let initialCapacity = 1 << 18
    /// A mapped file's size is looked at again after that many bytes.
    private static let step = 1 << 20

    private enum Source {
        /// The size when the file was mapped, of which `end` has been found to be there.
        case mapped(DescriptorStream, byteCount: Int)
        case stream(any ByteStream)
    }

    /// Of a mapping, or of a buffer of `capacity` bytes.
    private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Where in the stream `base` is.
    private(set) var start: UInt64 = 0
    /// From `base` to the end of the bytes that are there.
    private(set) var end = 0
    /// From `base` to what comes next.
    private(set) var position = 0
    private let source: Source
    /// Why the stream has ended before its end.
    private(set) var fault: StreamFault?

    /// Looks at a stream through a buffer.
    init(over stream: any ByteStream) {
        source = .stream(stream)
        capacity = Self.initialCapacity
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// Maps a regular file that is not empty. What is appended to it later is not seen. A file that becomes shorter is
    /// noticed, but for one that shrinks within the mebibyte that is being read: the kernel then ends the process.
    /// - Returns: nil where the file system does not map files.
    init?(mapping file: DescriptorStream, byteCount: Int) {
        let mapping = unsafe file.withDescriptor { unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, $0, 0) }
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else { return nil }
        unsafe madvise(mapping, byteCount, MADV_SEQUENTIAL)
        source = .mapped(file, byteCount: byteCount)
        capacity = byteCount
        unsafe base = mapping
    }

    deinit {
        switch source {
        // The mapping, or the buffer, that an initializer made, in its whole size.
        case .mapped(_, let byteCount): unsafe munmap(base, byteCount)
        case .stream: unsafe base.deallocate()
        }
    }

    /// Whether a file is mapped.
    var isMapped: Bool {
        if case .mapped = source { true } else { false }
    }

    /// Whether bytes of the stream are there.
    func holds(_ offset: UInt64, count: Int) -> Bool {
        offset >= start && offset - start + UInt64(count) <= UInt64(end)
    }

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

    @inline(never)
    private mutating func fill(_ count: Int) -> Bool {
        precondition(count <= Self.capacityLimit, "\(count) bytes are more than the window may show")
        guard fault == nil else { return false }
        switch source {
        case .mapped(let file, let byteCount): extend(file, byteCount, count)
        case .stream(let stream): refill(stream, count)
        }
        return end - position >= count
    }

    /// Looks at the file's size again before more of the mapping is touched.
    private mutating func extend(_ file: DescriptorStream, _ byteCount: Int, _ count: Int) {
        var status = stat()
        // fstat(2) fills one structure.
        let result = file.withDescriptor { unsafe fstat($0, &status) }
        let size = result == 0 ? min(byteCount, Int(status.st_size)) : 0
        end = size < end ? max(position, size) : min(size, max(end, position + count) + Self.step)
        if size < byteCount, end - position < count { fault = .damaged("the file became shorter while it was read") }
    }

    /// Moves what is left to the front and reads on.
    private mutating func refill(_ stream: any ByteStream, _ count: Int) {
        let left = available
        if position > 0 {
            // In bounds: what is left lies in the buffer, and so does a place before it.
            unsafe base.copyMemory(from: base + position, byteCount: left)
            start += UInt64(position)
            position = 0
            end = left
        }
        if count > capacity { grow(to: min(max(count, 2 * capacity), Self.capacityLimit)) }
        do throws(StreamFault) {
            while end < count {
                // In bounds: the rest of the buffer, not empty since the count fits in.
                let room = unsafe UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
                let read = try unsafe stream.read(into: room)
                if read == 0 { return }
                end += read
            }
        } catch {
            fault = error
        }
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

    /// A copy of bytes ahead; the caller has ensured them.
    func bytes(at offset: Int, count: Int) -> [UInt8] {
        precondition(offset >= 0 && count >= 0 && position + offset + count <= end)
        // In bounds: checked above.
        return unsafe Array(UnsafeRawBufferPointer(start: base + position + offset, count: count))
    }
}
