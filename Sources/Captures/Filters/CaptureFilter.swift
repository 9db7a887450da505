import CPcap

/// An expression that libpcap refuses, in its words.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
    public let expression: String
    public let linkType: LinkType
    /// libpcap's message.
    public let message: String

    public var description: String { "filter \"\(expression)\", for link type \(linkType): \(message)" }
}

/// A libpcap filter expression, compiled for the frames of one link type.
///
/// A class because the compiled program is libpcap's and is freed once. It does not change: threads may share it.
@safe
public final class CaptureFilter: @unchecked Sendable {
    private let program: OpaquePointer
    /// What the program does not see of a frame: the address family of null and loopback frames, of which libpcap knows
    /// but this machine's numbers and byte order. The filter sees their packets as raw IP.
    private let hiddenByteCount: Int

    public init(expression: String, linkType: LinkType) throws(FilterError) {
        let isHidden = linkType == .null || linkType == .loop
        hiddenByteCount = isHidden ? 4 : 0
        let number = (isHidden ? LinkType.raw : linkType).libpcapNumber
        // In bounds: the capacity is what the function may write; the text that it writes is terminated.
        let (compiled, message) = unsafe withUnsafeTemporaryAllocation(
            of: CChar.self, capacity: Int(KM_FILTER_ERROR_SIZE)
        ) { buffer in
            unsafe buffer.initialize(repeating: 0)
            let compiled = unsafe km_filter_compile(expression, number, buffer.baseAddress)
            return unsafe (compiled, buffer.baseAddress.map { unsafe String(cString: $0) } ?? "")
        }
        guard let compiled = unsafe compiled else {
            throw FilterError(expression: expression, linkType: linkType, message: message)
        }
        unsafe program = compiled
    }

    deinit { unsafe km_filter_free(program) }

    /// Whether a frame passes.
    /// - Parameters:
    ///   - frame: Its captured bytes.
    ///   - originalByteCount: How many it had, for `len`, `less` and `greater`.
    public func accepts(_ frame: RawSpan, originalByteCount: Int) -> Bool {
        guard frame.byteCount >= hiddenByteCount else { return false }
        let seen = frame.extracting(droppingFirst: hiddenByteCount)
        let original = UInt32(clamping: max(seen.byteCount, originalByteCount - hiddenByteCount))
        // In bounds: the program checks every load against the count.
        return unsafe seen.withUnsafeBytes { bytes in
            unsafe km_filter_matches(program, bytes.baseAddress, UInt32(clamping: bytes.count), original) != 0
        }
    }
}

/// A filter expression for captures whose link type is not known beforehand, or of which they have several.
public struct CaptureFilters: Sendable {
    public let expression: String
    private var compiled: [(linkType: LinkType, filter: CaptureFilter)] = []

    public init(expression: String) { self.expression = expression }

    /// The filter for a link type, compiled where that has not come up before. Asked for before anything is read, it tells
    /// a wrong expression early.
    @discardableResult
    public mutating func filter(for linkType: LinkType) throws(FilterError) -> CaptureFilter {
        if let entry = compiled.first(where: { $0.linkType == linkType }) { return entry.filter }
        let filter = try CaptureFilter(expression: expression, linkType: linkType)
        compiled.append((linkType, filter))
        return filter
    }
}
