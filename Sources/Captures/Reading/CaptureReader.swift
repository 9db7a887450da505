import Glibc

/// Reads the packets of a capture one after the other: pcap and pcapng, plain or in gzip or zstd.
///
/// A plain file is mapped, everything else goes through a buffer; either way memory does not grow with the capture. The
/// bytes are taken to be hostile: a record that contradicts its format ends the reading with an error, after all
/// records before it have been given.
public struct CaptureReader: ~Copyable {
    /// Captured bytes of one record; tcpdump and Wireshark write no more. A record that has more is damaged.
    public static let recordByteLimit = 1 << 18
    /// Interfaces of one file, over all sections.
    public static let interfaceLimit = 1 << 16

    /// The path, or `standard input`.
    public let file: String
    /// All that have come up so far: of a pcapng file the sections' one after the other.
    public internal(set) var interfaces: [CaptureInterface]
    public internal(set) var notes: CaptureNotes
    /// How many records have been given.
    public internal(set) var recordCount: UInt64

    var window: CaptureWindow
    /// Whether the highest byte of a number comes first, in the file or in the section.
    var isSwapped: Bool
    /// Of the record before, for records without one.
    var lastTimestamp: UInt64
    /// Of a unit of a pcap record's fraction.
    var nanosecondsPerFraction: UInt64
    /// Of a pcapng file's section: where its interfaces begin in `interfaces`.
    var firstInterface: Int
    private var isPCAPNG: Bool
    /// After the end, or an error.
    private var isFinished: Bool
    /// What is read from the file system; nil for bytes in memory.
    private let stored: DescriptorStream?
    private let storedByteCount: UInt64?

    /// Opens a capture.
    /// - Parameter path: `-` is standard input.
    public init(path: String) throws(CaptureError) {
        let file = path == "-" ? "standard input" : path
        // open(2) reads the path up to its end, which Swift provides.
        let descriptor = unsafe path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CaptureError(file, .errno(errno)) }
        let stored = DescriptorStream(adopting: descriptor)
        var status = stat()
        // fstat(2) fills one structure.
        guard unsafe fstat(descriptor, &status) == 0 else { throw CaptureError(file, .errno(errno)) }
        let isRegular = status.st_mode & S_IFMT == S_IFREG && descriptor != STDIN_FILENO
        let size = isRegular ? Int(status.st_size) : nil
        var reader = CaptureReader(file, try Self.window(file, stored, stored, size), stored, size)
        try reader.readHeader()
        self = reader
    }

    /// Reads a capture that is in memory.
    public init(contents: [UInt8], name: String) throws(CaptureError) {
        var reader = CaptureReader(name, try Self.window(name, MemoryStream(contents), nil, nil), nil, nil)
        try reader.readHeader()
        self = reader
    }

    /// Before the header has been read. Nothing has its value elsewhere: what cannot be copied must come about whole.
    private init(
        _ file: String, _ window: consuming CaptureWindow, _ stored: DescriptorStream?, _ storedByteCount: Int?
    ) {
        self.file = file
        self.window = window
        self.stored = stored
        self.storedByteCount = storedByteCount.map { UInt64($0) }
        (interfaces, notes, recordCount) = ([], CaptureNotes(), 0)
        (isPCAPNG, isSwapped, nanosecondsPerFraction) = (false, false, 1000)
        (lastTimestamp, firstInterface, isFinished) = (0, 0, false)
    }

    private static func window(
        _ file: String, _ stream: any ByteStream, _ stored: DescriptorStream?, _ regularByteCount: Int?
    ) throws(CaptureError) -> CaptureWindow {
        do throws(StreamFault) {
            return try CaptureWindow(unpacking: stream, file: stored, regularByteCount: regularByteCount)
        } catch {
            throw CaptureError(file, error)
        }
    }

    /// Finds out the format, and reads what stands before the first record or block.
    private mutating func readHeader() throws(CaptureError) {
        _ = window.ensure(CaptureFormat.byteCount)
        if let fault = window.fault { throw CaptureError(file, fault) }
        let start = window.bytes(at: 0, count: min(window.available, CaptureFormat.byteCount))
        switch try CaptureFormat(start, file: file) {
        case .pcap(let header):
            isSwapped = header.isBigEndian
            nanosecondsPerFraction = header.isNanoseconds ? 1 : 1000
            interfaces = [header.interface]
            window.advance(PCAPHeader.byteCount)
        case .pcapng:
            isPCAPNG = true
            try beginSection()
        }
    }

    /// The next packet.
    /// - Returns: nil at the end.
    /// - Throws: for the first bad record, and for what cannot be read. Nothing follows then.
    public mutating func next() throws(CaptureError) -> CaptureRecord? {
        guard !isFinished else { return nil }
        do throws(CaptureError) {
            if let record = isPCAPNG ? try nextPCAPNG() : try nextPCAP() { return record }
        } catch {
            isFinished = true
            throw error
        }
        isFinished = true
        return nil
    }

    /// Lends the captured bytes of the record that `next` gave last.
    @inlinable
    public func withBytes<R, E: Error>(
        of record: CaptureRecord, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        // They stay as they are while the reader is borrowed.
        try unsafe body(storage(of: record).bytes)
    }

    @usableFromInline
    func storage(of record: CaptureRecord) -> UnsafeRawBufferPointer {
        precondition(
            window.holds(record.dataOffset, count: record.capturedByteCount),
            "record \(record.number) is no longer at hand")
        // In bounds: checked above.
        return unsafe UnsafeRawBufferPointer(
            start: window.base + Int(record.dataOffset - window.start), count: record.capturedByteCount)
    }

    /// How many bytes have been read of how many there are, as they are stored.
    /// - Returns: nil for what has no size, as a pipe.
    public var progress: (byteCount: UInt64, of: UInt64)? {
        guard let stored, let storedByteCount else { return nil }
        return (window.isMapped ? min(window.offset, storedByteCount) : stored.byteCount, storedByteCount)
    }

    /// What is wrong at an offset.
    func damage(at offset: UInt64, _ message: String) -> CaptureError {
        CaptureError(file, .damaged, at: offset, message)
    }

    /// Why the window does not have what the thing at an offset is to have.
    func shortage(of thing: String, at offset: UInt64, wanted: Int) -> CaptureError {
        if let fault = window.fault {
            return CaptureError(file, fault, at: window.start + UInt64(window.end))
        }
        return damage(at: offset, "\(thing) is cut off: the file ends after \(window.available) of \(wanted) bytes")
    }

    /// A record whose bytes the window has `dataDistance` bytes ahead.
    @inline(__always)
    mutating func record(
        dataDistance: Int, captured: Int, original: Int, timestamp: UInt64, interface: Int, linkType: LinkType
    ) -> CaptureRecord {
        recordCount += 1
        lastTimestamp = timestamp
        let offset = window.offset
        return CaptureRecord(
            number: recordCount, fileOffset: offset, timestamp: timestamp, dataOffset: offset + UInt64(dataDistance),
            capturedByteCount: captured, originalByteCount: original, interface: interface, linkType: linkType)
    }
}

extension CaptureError {
    fileprivate init(_ file: String, _ fault: StreamFault, at offset: UInt64? = nil) {
        self.init(file, fault.kind, at: offset, fault.message)
    }
}
