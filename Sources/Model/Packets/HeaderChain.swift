import KernelABI

/// The way from an IP header to what the packet carries, over extension headers.
/// Source: RFC 8200 §4, RFC 4302 §2 (authentication header).
public struct HeaderChain: Hashable, Sendable {
    /// More headers than these are not walked over.
    public static let limit = Int(KM_EXTENSION_LIMIT)
    /// Every extension header has at least this size.
    private static let minimumByteCount = 8

    /// How far a walk goes over the first fragment of a datagram. Of a later one nothing behind its fragment header is a
    /// header.
    public enum Goal: Sendable {
        /// What the datagram carries.
        case transport
        /// What its fragment header names, as in the later ones.
        case fragment
    }

    /// What comes behind the last header that was walked over.
    public private(set) var next: IPProtocol
    /// Where that begins.
    public private(set) var offset: Int
    /// The fragment header on the way, where one is that cuts the datagram: of several the last.
    public private(set) var fragment: FragmentField?
    /// Where the extension header begins that names that fragment header, nil where the IP header does.
    public private(set) var fragmentPredecessor: Int?
    /// Whether a routing header has segments left, so that the destination is not final.
    public private(set) var hasSegmentsLeft = false

    /// Walks from `offset` to the first header that is no extension header, or to a fragment's data.
    /// - Parameters:
    ///   - first: What the IP header names.
    ///   - end: Where the IP packet ends in `bytes`.
    public init(
        walking bytes: RawSpan, from offset: Int, to end: Int, first: IPProtocol, family: AddressFamily,
        until goal: Goal = .transport
    ) throws(PacketFault) {
        next = first
        self.offset = offset
        var count = 0
        var predecessor: Int?
        while next.isExtensionHeader(of: family) {
            guard count < Self.limit else { throw .tooManyHeaders }
            count += 1
            guard end - self.offset >= Self.minimumByteCount else { throw .truncatedHeader }
            let start = self.offset
            if next == .fragment { fragmentPredecessor = predecessor }
            try step(bytes, end)
            if let fragment, fragment.isLater || goal == .fragment { return }
            predecessor = start
        }
    }

    /// Steps over the header `next`, whose first 8 bytes are there.
    private mutating func step(_ bytes: RawSpan, _ end: Int) throws(PacketFault) {
        let length = Int(bytes.byte(at: offset + 1))
        let byteCount: Int
        switch next {
        case .fragment:
            byteCount = Self.minimumByteCount
            let field = bytes.network16(at: offset + 2)
            let found = FragmentField(
                identification: bytes.network32(at: offset + 4), byteOffset: Int(field & 0xfff8),
                hasMore: field & 1 != 0)
            if found.isLater || found.isFirst { fragment = found }
        case .authentication:
            byteCount = (length + 2) * 4
        case .routing:
            byteCount = (length + 1) * 8
            if bytes.byte(at: offset + 3) > 0 { hasSegmentsLeft = true }
        default:
            byteCount = (length + 1) * 8
        }
        guard end - offset >= byteCount else { throw .truncatedHeader }
        next = IPProtocol(rawValue: bytes.byte(at: offset))
        offset += byteCount
    }
}
