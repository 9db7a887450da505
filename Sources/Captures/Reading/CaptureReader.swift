import Glibc

/// Reads the packets of a capture one after the other: pcap and pcapng, plain or in gzip or zstd.
///
/// Memory does not grow with the capture. The bytes are taken to be hostile: a record that contradicts its format ends
/// the reading with an error, after all records before it have been given.
@safe
public struct CaptureReader: ~Copyable {
    /// Captured bytes of one record; tcpdump and Wireshark write no more. A record that has more is damaged.
    public static let recordByteLimit = 1 << 18
    /// Interfaces of one file, over all sections.
    public static let interfaceLimit = 1 << 16

    /// The path, or `standard input`.
    public let file: String
    /// All that have come up so far: of a pcapng file the sections' one after the other.
    public private(set) var interfaces: [CaptureInterface]
    /// Of all of them.
    private(set) var traits: [CaptureInterface.Traits]
    public internal(set) var notes: CaptureNotes
    /// The record that was given last, or `.none`.
    @usableFromInline
    var current: CaptureRecord
    /// Its bytes, which the window holds until the next step.
    @usableFromInline
    var currentBytes: UnsafeRawPointer

    var window: CaptureWindow
    /// Whether the highest byte of a number comes first, in the file or in the section.
    var isSwapped: Bool
    /// Of a unit of a pcap record's fraction.
    var nanosecondsPerFraction: UInt64
    /// Of a pcapng file's section: where its interfaces begin in `interfaces`.
    var firstInterface: Int
    private var isPCAPNG: Bool
    /// After the end, or an error.
    private var isFinished: Bool
    /// What is read from; nil for bytes in memory.
    private let stored: DescriptorStream?
    /// Of a regular file.
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
        let isRegular = status.st_mode & S_IFMT == S_IFREG
        let size = isRegular ? Int(status.st_size) : nil
        var reader = CaptureReader(file, try Self.window(file, stored), stored, size)
        try reader.readHeader()
        self = reader
    }

    /// Whether a path is a regular file, which can be read twice; a pipe cannot.
    public static func canBeReadTwice(_ path: String) -> Bool {
        var status = stat()
        // stat(2) reads the path up to its end, which Swift provides, and fills one structure.
        return unsafe path != "-" && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Whether two paths lead to one file; false where one leads to none.
    public static func areSame(_ first: String, _ second: String) -> Bool {
        var (one, other) = (stat(), stat())
        // stat(2) reads the path up to its end, which Swift provides, and fills one structure.
        guard unsafe stat(first, &one) == 0, unsafe stat(second, &other) == 0 else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }

    /// Reads a capture that is in memory.
    public init(contents: [UInt8], name: String) throws(CaptureError) {
        var reader = CaptureReader(name, try Self.window(name, MemoryStream(contents)), nil, nil)
        try reader.readHeader()
        self = reader
    }

    /// Before the header has been read. Nothing has its value elsewhere: what cannot be copied must come about whole.
    private init(
        _ file: String, _ window: consuming CaptureWindow, _ stored: DescriptorStream?, _ storedByteCount: Int?
    ) {
        self.file = file
        // No bytes are taken from there before there is a record.
        unsafe currentBytes = UnsafeRawPointer(window.base)
        self.window = window
        self.stored = stored
        self.storedByteCount = storedByteCount.map { UInt64($0) }
        (interfaces, traits, notes, current) = ([], [], CaptureNotes(), .none)
        (isPCAPNG, isSwapped, nanosecondsPerFraction) = (false, false, 1000)
        (firstInterface, isFinished) = (0, false)
    }

    private static func window(_ file: String, _ stream: any ByteStream) throws(CaptureError) -> CaptureWindow {
        do throws(StreamFault) {
            return try CaptureWindow(unpacking: stream)
        } catch {
            throw CaptureError(file, error)
        }
    }

    /// Finds out the format, and reads what stands before the first record or block.
    private mutating func readHeader() throws(CaptureError) {
        _ = window.ensure(CaptureFormat.byteCount)
        if let fault = window.fault { throw CaptureError(file, fault) }
        let start = window.copy(at: 0, count: min(window.available, CaptureFormat.byteCount))
        switch try CaptureFormat(start, file: file) {
        case .pcap(let header):
            isSwapped = header.isBigEndian
            nanosecondsPerFraction = header.isNanoseconds ? 1 : 1000
            add(header.interface)
            window.advance(PCAPHeader.byteCount)
        case .pcapng:
            isPCAPNG = true
            try beginSection()
        }
    }

    /// How many records have been given.
    public var recordCount: UInt64 { current.number }

    /// The next packet.
    /// - Returns: nil at the end.
    /// - Throws: for the first bad record, and for what cannot be read. Nothing follows then.
    @inlinable
    public mutating func next() throws(CaptureError) -> CaptureRecord? {
        // Inlined, so that the record is not copied but for what is asked for.
        try advance() ? current : nil
    }

    /// Makes the next record the current one.
    /// - Returns: Whether there is one.
    @usableFromInline
    mutating func advance() throws(CaptureError) -> Bool {
        guard !isFinished else { return false }
        do throws(CaptureError) {
            if isPCAPNG ? try advancePCAPNG() : try advancePCAP() { return true }
        } catch {
            isFinished = true
            throw error
        }
        isFinished = true
        return false
    }

    /// Lends the captured bytes of the record that `next` gave last.
    @inlinable
    public func withBytes<R, E: Error>(
        of record: CaptureRecord, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        precondition(record.isSame(as: current), "record \(record.number) is no longer at hand")
        // In bounds: `give` has taken both from the window, and it stays as it is while the reader is borrowed.
        return try unsafe body(UnsafeRawBufferPointer(start: currentBytes, count: record.capturedByteCount).bytes)
    }

    /// How many bytes have been read of how many there are, as they are stored.
    /// - Returns: nil for what has no size, as a pipe.
    public var progress: (byteCount: UInt64, of: UInt64)? {
        guard let stored, let storedByteCount else { return nil }
        return (min(stored.byteCount, storedByteCount), storedByteCount)
    }

    mutating func add(_ interface: CaptureInterface) {
        interfaces.append(interface)
        traits.append(interface.traits)
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

    /// Makes a record current whose bytes the window has `dataDistance` bytes ahead.
    @inline(__always)
    mutating func give(
        dataDistance: Int, captured: Int, original: Int, timestamp: UInt64, interface: Int, linkType: LinkType
    ) {
        // In bounds: the caller has ensured the captured bytes.
        unsafe currentBytes = window.bytes(at: dataDistance, count: captured)
        current = CaptureRecord(
            number: current.number + 1, fileOffset: window.offset, timestamp: timestamp, capturedByteCount: captured,
            originalByteCount: original,
            interface: interface, linkType: linkType)
    }
}

extension CaptureError {
    fileprivate init(_ file: String, _ fault: StreamFault, at offset: UInt64? = nil) {
        self.init(file, fault.kind, at: offset, fault.message)
    }
}
