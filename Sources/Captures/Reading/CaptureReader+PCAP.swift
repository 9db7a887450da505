/// Records of pcap files. Source: pcap draft, section 5 (packet record).
extension CaptureReader {
    private static let recordHeaderByteCount = 16

    @inline(__always)
    mutating func advancePCAP() throws(CaptureError) -> Bool {
        guard window.ensure(Self.recordHeaderByteCount) else {
            if window.available == 0, window.fault == nil { return false }
            throw shortage(
                of: "the header of record \(recordCount + 1)", at: window.offset, wanted: Self.recordHeaderByteCount)
        }
        let captured = Int(window.number32(at: 8, swapped: isSwapped))
        guard captured <= Self.recordByteLimit else { throw tooLong(captured) }
        let byteCount = Self.recordHeaderByteCount + captured
        guard window.ensure(byteCount) else {
            throw shortage(of: "record \(recordCount + 1)", at: window.offset, wanted: byteCount)
        }
        let seconds = UInt64(window.number32(at: 0, swapped: isSwapped))
        let fraction = UInt64(window.number32(at: 4, swapped: isSwapped)) * nanosecondsPerFraction
        if fraction >= 1_000_000_000 { notes.oddFractionCount += 1 }
        // No overflow: 32 bits of seconds are less than 2^62 nanoseconds.
        give(
            dataDistance: Self.recordHeaderByteCount, captured: captured,
            original: Int(window.number32(at: 12, swapped: isSwapped)),
            timestamp: seconds * 1_000_000_000 + fraction, interface: 0, linkType: traits[0].linkType)
        window.advance(byteCount)
        return true
    }

    private func tooLong(_ captured: Int) -> CaptureError {
        damage(
            at: window.offset,
            "record \(recordCount + 1) has a captured length of \(captured); the most is \(Self.recordByteLimit)")
    }
}
