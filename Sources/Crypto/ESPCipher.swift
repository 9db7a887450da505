public import Model

/// Makes and opens the ESP packets of one security association: rfc4106(gcm(aes)), tunnel mode. Nothing is allocated per
/// packet as long as the caller's buffers are large enough.
///
/// A packet is SPI, sequence number, IV, ciphertext of (inner packet, padding 1 2 3 …, pad length, next header), ICV. The
/// nonce is the key's salt and the IV. Authenticated are SPI and sequence number, of extended numbers all 64 bits.
/// Source: RFC 4303 §2, RFC 4106 §3 to §5.
///
/// A class, because it has the identity of the two contexts it owns; not to be used by two threads at a time.
public final class ESPCipher {
    private static let textOffset = ESPHeader.byteCount + ESPHeader.ivByteCount

    /// Of the integrity check value.
    public let icvByteCount: Int
    /// Whether sequence numbers have 64 bits.
    public let hasExtendedSequence: Bool
    private let key: AEADKey
    /// In network order, as all fields of what libcrypto reads below.
    private let salt: UInt32
    private let sealing: AESGCM
    private let opening: AESGCM

    public init(_ key: AEADKey, extendedSequence: Bool) throws(CryptoError) {
        self.key = key
        icvByteCount = key.icvByteCount
        hasExtendedSequence = extendedSequence
        var bytes = key.bytes
        var cipherKey = Array(bytes.dropLast(AEADKey.saltByteCount))
        defer {
            wipe(&bytes)
            wipe(&cipherKey)
        }
        salt = bytes.suffix(AEADKey.saltByteCount).reduce(0) { $0 << 8 | UInt32($1) }.bigEndian
        sealing = try AESGCM(key: cipherKey, .sealing)
        opening = try AESGCM(key: cipherKey, .opening)
    }

    /// Makes an ESP packet's bytes, from SPI to ICV, of an inner packet.
    /// - Parameters:
    ///   - sequence: Whole; the low half is sent.
    ///   - iv: Sent in network order; never twice under one key.
    ///   - output: Holds the packet afterwards, behind what it keeps; reused by the caller.
    ///   - kept: How many of the first bytes of `output` stay: headers in front.
    public func seal(
        _ inner: RawSpan, nextHeader: IPProtocol, spi: SPI, sequence: UInt64, iv: UInt64,
        into output: inout [UInt8], after kept: Int = 0
    ) {
        precondition(kept <= output.count, "\(kept) bytes to keep of \(output.count)")
        let byteCount = key.espByteCount(carrying: inner.byteCount)
        output.setCount(kept + byteCount)
        // In bounds: the array has its count of bytes; all offsets below are within `byteCount`.
        unsafe output.withUnsafeMutableBytes { all in
            let packet = unsafe UnsafeMutableRawBufferPointer(rebasing: all[kept...])
            unsafe packet.storeBytes(of: spi.rawValue.bigEndian, as: UInt32.self)
            unsafe packet.storeBytes(
                of: UInt32(truncatingIfNeeded: sequence).bigEndian, toByteOffset: 4, as: UInt32.self)
            unsafe packet.storeBytes(of: iv.bigEndian, toByteOffset: ESPHeader.byteCount, as: UInt64.self)
            let end = byteCount - icvByteCount
            let text = unsafe UnsafeMutableRawBufferPointer(rebasing: packet[Self.textOffset..<end])
            unsafe inner.withUnsafeBytes { unsafe text.copyMemory(from: $0) }
            let padByteCount = text.count - inner.byteCount - 2
            for index in 0..<padByteCount { unsafe text[inner.byteCount + index] = UInt8(index + 1) }
            unsafe text[text.count - 2] = UInt8(padByteCount)
            unsafe text[text.count - 1] = nextHeader.rawValue
            let tag = unsafe UnsafeMutableRawBufferPointer(rebasing: packet[end...])
            unsafe withParameters(spi: spi, sequence: sequence, iv: iv) { nonce, authenticated in
                unsafe sealing.seal(text, nonce: nonce, authenticated: authenticated, tag: tag)
            }
        }
    }

    /// Opens an ESP packet, given from SPI to ICV.
    /// - Parameters:
    ///   - sequenceHigh: The half of an extended sequence number that is not sent; else without effect.
    ///   - inner: Holds the inner packet afterwards, without its padding, whose bytes are not looked at, as Linux does;
    ///     after an error it is empty. Reused by the caller.
    /// - Returns: What the inner packet is: IPv4 (4), IPv6 (41), or anything that the sender says.
    public func open(_ esp: RawSpan, sequenceHigh: UInt32 = 0, into inner: inout [UInt8]) throws(ESPFault) -> IPProtocol
    {
        inner.removeAll(keepingCapacity: true)
        let header = try ESPHeader(parsing: esp)
        // Pad length and next header; without an inner byte they are told by their pad length below.
        guard esp.byteCount >= Self.textOffset + 2 + icvByteCount else { throw .truncated }
        let sequence = UInt64(sequenceHigh) << 32 | UInt64(header.sequence)
        let iv = esp.network64(at: ESPHeader.byteCount)
        let textByteCount = esp.byteCount - Self.textOffset - icvByteCount
        inner.setCount(textByteCount)
        // In bounds: the text is as large as what is copied, and the tag is what is left.
        let isRight = unsafe inner.withUnsafeMutableBytes { text in
            unsafe esp.withUnsafeBytes { packet in
                let end = Self.textOffset + textByteCount
                unsafe text.copyMemory(from: UnsafeRawBufferPointer(rebasing: packet[Self.textOffset..<end]))
                let tag = unsafe UnsafeRawBufferPointer(rebasing: packet[end...])
                return unsafe withParameters(spi: header.spi, sequence: sequence, iv: iv) { nonce, authenticated in
                    unsafe opening.open(text, nonce: nonce, authenticated: authenticated, tag: tag)
                }
            }
        }
        guard isRight else {
            inner.removeAll(keepingCapacity: true)
            throw .badICV
        }
        let nextHeader = IPProtocol(rawValue: inner[textByteCount - 1])
        let innerByteCount = textByteCount - 2 - Int(inner[textByteCount - 2])
        guard innerByteCount > 0 else {
            inner.removeAll(keepingCapacity: true)
            throw .badTrailer
        }
        inner.setCount(innerByteCount)
        return nextHeader
    }

    /// Lends the nonce, and what is authenticated beside the text.
    @inline(__always)
    private func withParameters<Result>(
        spi: SPI, sequence: UInt64, iv: UInt64, _ body: (UnsafeRawPointer, UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let ivHalves = (UInt32(truncatingIfNeeded: iv >> 32).bigEndian, UInt32(truncatingIfNeeded: iv).bigEndian)
        let nonce: InlineArray<3, UInt32> = [salt, ivHalves.0, ivHalves.1]
        let (first, low) = (spi.rawValue.bigEndian, UInt32(truncatingIfNeeded: sequence).bigEndian)
        let high = UInt32(truncatingIfNeeded: sequence >> 32).bigEndian
        let authenticated: InlineArray<3, UInt32> = hasExtendedSequence ? [first, high, low] : [first, low, 0]
        let byteCount = hasExtendedSequence ? 12 : 8
        // In bounds: 12 bytes each, of which the last 4 are left out without extended numbers. The pointers live for
        // the call.
        return unsafe withUnsafeBytes(of: nonce) { nonce in
            unsafe withUnsafeBytes(of: authenticated) { authenticated in
                guard let start = nonce.baseAddress else { preconditionFailure("no nonce") }
                return unsafe body(start, UnsafeRawBufferPointer(rebasing: authenticated[..<byteCount]))
            }
        }
    }
}

extension [UInt8] {
    /// Cuts the array, or fills it up with zeros; its room stays.
    @inline(__always)
    fileprivate mutating func setCount(_ newCount: Int) {
        if newCount < count {
            removeLast(count - newCount)
        } else if newCount > count {
            append(contentsOf: repeatElement(0, count: newCount - count))
        }
    }
}
