/// What a receiver remembers of a security association's sequence numbers, as Linux does it. A packet is checked before
/// its ICV is, and the window moves only after the ICV was right.
/// Source: RFC 4303 §3.4.3 and appendix A2; Linux, net/xfrm/xfrm_replay.c.
public struct ReplayWindow: Hashable, Sendable {
    /// Larger windows are refused. Source: Linux, XFRMA_REPLAY_ESN_MAX.
    public static let sizeLimit: UInt32 = 4096

    /// What becomes of a packet before its ICV is known.
    public enum Check: Hashable, Sendable {
        /// It may go on, under this whole sequence number: without extended numbers the high half is 0.
        case fresh(UInt64)
        /// Seen before.
        case replayed
        /// Further behind the highest number than the window reaches.
        case tooOld
        /// The number 0, which is never sent.
        case zero
    }

    /// How many numbers it covers, the highest received included; 0 for no check at all.
    public let size: UInt32
    /// Whether numbers have 64 bits, of which the packet carries the low half.
    public let isExtended: Bool
    /// The highest number received so far.
    public private(set) var highest: UInt64
    /// One bit for each number covered, at its remainder by the size.
    private var bitmap: [UInt64]

    /// - Parameter highest: Where it stands; nothing up to there counts as received.
    /// - Returns: nil for a size beyond the limit, and for extended numbers without a window, which Linux refuses.
    public init?(size: UInt32, isExtended: Bool = false, highest: UInt64 = 0) {
        guard size <= Self.sizeLimit, size > 0 || !isExtended else { return nil }
        self.size = size
        self.isExtended = isExtended
        self.highest = highest
        bitmap = Array(repeating: 0, count: (Int(size) + 63) / 64)
    }

    /// The whole number that a packet's 32 bits most likely stand for: that nearest to the window which is not behind it.
    /// Source: RFC 4303 A2.2; Linux, xfrm_replay_seqhi.
    public func number(of sequence: UInt32) -> UInt64 {
        guard isExtended else { return UInt64(sequence) }
        let top = UInt32(truncatingIfNeeded: highest)
        let bottom = top &- size &+ 1
        var high = UInt32(truncatingIfNeeded: highest >> 32)
        if top >= size - 1 {
            if sequence < bottom { high &+= 1 }
        } else if sequence >= bottom {
            // At the start of the first cycle this wraps around; no packet has an ICV for such a number.
            high &-= 1
        }
        return UInt64(high) << 32 | UInt64(sequence)
    }

    /// Judges a packet by its number alone.
    public func check(_ sequence: UInt32) -> Check {
        let number = number(of: sequence)
        guard size > 0 else { return .fresh(number) }
        guard !isRefusedZero(number) else { return .zero }
        // Modulo 2⁶⁴, because a number in front of the first is one far ahead.
        let behind = highest &- number
        if Int64(bitPattern: behind) < 0 { return .fresh(number) }
        guard behind < UInt64(size) else { return .tooOld }
        return isMarked(number) ? .replayed : .fresh(number)
    }

    /// Takes note of a packet whose ICV was right.
    /// - Parameter number: As `check` gave it.
    public mutating func advance(to number: UInt64) {
        guard size > 0 else { return }
        if number > highest {
            let distance = number - highest
            if distance >= UInt64(size) {
                for index in bitmap.indices { bitmap[index] = 0 }
            } else {
                for skipped in 1..<distance { setBit(highest + skipped, false) }
            }
            highest = number
        }
        setBit(number, true)
    }

    /// 0 is refused; of extended numbers, only as long as it is the first of all.
    private func isRefusedZero(_ number: UInt64) -> Bool {
        number == 0 && (!isExtended || highest < UInt64(size - 1))
    }

    private func isMarked(_ number: UInt64) -> Bool {
        let bit = Int(number % UInt64(size))
        return bitmap[bit / 64] >> UInt64(bit % 64) & 1 == 1
    }

    private mutating func setBit(_ number: UInt64, _ value: Bool) {
        let bit = Int(number % UInt64(size))
        let mask: UInt64 = 1 << UInt64(bit % 64)
        if value { bitmap[bit / 64] |= mask } else { bitmap[bit / 64] &= ~mask }
    }
}
