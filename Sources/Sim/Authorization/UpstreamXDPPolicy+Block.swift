import Model

extension UpstreamXDPPolicy {
    /// An address block as upstream's XDP program compares it.
    ///
    /// The family of the block tells how the packet's key is read, whatever the packet's family. An IPv4 block compares
    /// the first word (source) or the second (destination). An IPv6 block masks the packet's address but not its own,
    /// and packs its own wrongly: of each four bytes one byte remains, all of them OR-ed, at the place that the number
    /// of the word tells, and the second word is all ones. So it needs 64 bits at least to match anything.
    struct Block: Hashable, Sendable {
        /// The first word of an IPv4 block, four of an IPv6 block; the first byte is the most significant.
        var words: [UInt32]
        /// 0…32, or 0…128.
        var length: Int

        /// Which address of a packet.
        enum Side: Int { case source, destination }

        /// The block of a prefix whose host bits may be set.
        init(_ prefix: Prefix) {
            length = prefix.length
            switch prefix.address {
            case .v4(let bits): words = [bits & Self.mask(prefix.length)]
            case .v6:
                let bytes = prefix.address.bytes
                func merged(_ word: Int) -> UInt32 { bytes[word * 4..<word * 4 + 4].reduce(0) { $0 | UInt32($1) } }
                words = [merged(0) << 24, ~0, merged(2) << 8, merged(3)]
            }
        }

        /// Whether the block contains an address of the key.
        func contains(_ side: Side, of tuple: UpstreamTuple) -> Bool {
            let start = side.rawValue * words.count
            return words.indices.allSatisfy { index in
                tuple.bigEndianWord(start + index) & Self.mask(length - 32 * index) == words[index]
            }
        }

        /// The first `length` of 32 bits set; none below 0, all above 32.
        private static func mask(_ length: Int) -> UInt32 { length <= 0 ? 0 : ~0 << UInt32(max(0, 32 - length)) }
    }
}
