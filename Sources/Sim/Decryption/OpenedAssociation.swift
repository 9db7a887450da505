import Crypto
import Model

/// A state of which packets were met: its cipher, and what they were.
struct OpenedAssociation {
    private let association: DecryptionPlan.Association
    private let cipher: ESPCipher
    /// Tells the half of extended sequence numbers that is not sent; nil before the first packet.
    private var window: ReplayWindow?
    private(set) var record: DecryptionReport.Association

    init(_ association: DecryptionPlan.Association) throws(CryptoError) {
        self.association = association
        cipher = try ESPCipher(association.key, extendedSequence: association.hasExtendedSequence)
        record = DecryptionReport.Association(
            source: association.source, destination: association.destination, spi: association.spi,
            replayWindow: association.replayWindow, hasExtendedSequence: association.hasExtendedSequence)
    }

    /// Decrypts a packet under each number that it may have.
    /// - Returns: Its whole number, and what `inner` holds now.
    func open(
        _ esp: RawSpan, _ header: ESPHeader, into inner: inout [UInt8]
    ) throws(ESPFault) -> (number: UInt64, nextHeader: IPProtocol) {
        var fault = ESPFault.badICV
        for high in highHalves(of: header.sequence) {
            do throws(ESPFault) {
                let next = try cipher.open(esp, sequenceHigh: high, into: &inner)
                return (UInt64(high) << 32 | UInt64(header.sequence), next)
            } catch {
                fault = error
            }
        }
        throw fault
    }

    /// Whether an inner packet becomes the same bytes again.
    /// - Parameter buffer: Of the caller, to be used again.
    func reseals(
        _ esp: RawSpan, _ inner: RawSpan, number: UInt64, nextHeader: IPProtocol, buffer: inout [UInt8]
    ) -> Bool {
        cipher.seal(
            inner, nextHeader: nextHeader, spi: association.spi, sequence: number,
            iv: esp.network64(at: ESPHeader.byteCount), into: &buffer)
        return esp.byteCount == buffer.count && buffer.indices.allSatisfy { buffer[$0] == esp.byte(at: $0) }
    }

    /// Takes note of a packet that was not decrypted.
    mutating func countClosed(isBadICV: Bool) {
        record.packetCount += 1
        if isBadICV { record.badICVCount += 1 }
    }

    /// Takes note of a packet that was decrypted.
    /// - Parameter isSame: Whether it encrypts to the same bytes.
    /// - Returns: What it is: seen before, different, or plainly decrypted.
    mutating func countOpened(_ number: UInt64, byteCount: Int, isSame: Bool) -> DecryptionReport.Kind {
        record.packetCount += 1
        record.byteCount += UInt64(byteCount)
        advance(to: number)
        guard record.numbers.insert(number) else {
            record.replayCount += 1
            return .replay
        }
        guard isSame else {
            record.differentCount += 1
            return .different
        }
        record.decryptedCount += 1
        return .decrypted
    }

    /// What the half that is not sent may be: the likeliest first. Before the first packet that is what a listing shows
    /// and what is around it, and the beginning.
    private func highHalves(of sequence: UInt32) -> [UInt32] {
        guard association.hasExtendedSequence else { return [0] }
        if let window { return [UInt32(truncatingIfNeeded: window.number(of: sequence) >> 32)] }
        let shown = UInt32(truncatingIfNeeded: association.highest >> 32)
        return [shown, shown &- 1, 0, shown &+ 1]
    }

    /// Moves the window of extended numbers. It is wide, for the capture may have been made in front of a queue.
    private mutating func advance(to number: UInt64) {
        guard association.hasExtendedSequence else { return }
        if window == nil { window = ReplayWindow(size: 1024, isExtended: true, highest: number) }
        window?.advance(to: number)
    }
}
