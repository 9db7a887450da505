/// What a capture tells of one packet. Its bytes are lent by the reader that gave it.
@frozen
public struct CaptureRecord: Hashable, Sendable {
    /// Counts from 1 over the file.
    public let number: UInt64
    /// Of the record, or of its block, in the file or in what it decompresses to.
    public let fileOffset: UInt64
    /// Nanoseconds since 1970, in UTC.
    public let timestamp: UInt64
    /// How many bytes of the packet the capture has.
    public let capturedByteCount: Int
    /// How many bytes the packet had; more than captured where the snap length has cut it.
    public let originalByteCount: Int
    /// Index among the reader's `interfaces`.
    public let interface: Int
    public let linkType: LinkType

    /// Whether this is the record whose bytes are at hand: at least, that it has as many.
    @inlinable
    func isSame(as current: CaptureRecord) -> Bool {
        number == current.number && capturedByteCount == current.capturedByteCount
    }

    /// Before the first.
    static let none = CaptureRecord(
        number: 0, fileOffset: 0, timestamp: 0, capturedByteCount: 0, originalByteCount: 0, interface: 0,
        linkType: .null)
}
