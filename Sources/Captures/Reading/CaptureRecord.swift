/// What a capture tells of one packet. Its bytes are lent by the reader that gave it.
public struct CaptureRecord: Hashable, Sendable {
    /// Counts from 1 over the file.
    public let number: UInt64
    /// Of the record, or of its block, in the file or in what it decompresses to.
    public let fileOffset: UInt64
    /// Nanoseconds since 1970, in UTC.
    public let timestamp: UInt64
    /// Where the bytes are, counted as `fileOffset` is.
    let dataOffset: UInt64
    /// How many bytes of the packet the capture has.
    public let capturedByteCount: Int
    /// How many bytes the packet had; more than captured where the snap length has cut it.
    public let originalByteCount: Int
    /// Index among the reader's `interfaces`.
    public let interface: Int
    public let linkType: LinkType
}
