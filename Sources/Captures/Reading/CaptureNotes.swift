/// What a reader has passed over, and what it has had to make up.
public struct CaptureNotes: Hashable, Sendable {
    /// Blocks of one type that carry no packet and are not asked for.
    public struct SkippedBlocks: Hashable, Sendable {
        public let type: UInt32
        public fileprivate(set) var count: UInt64

        /// The name of the pcapng draft, else the number.
        public var name: String {
            switch type {
            case 4: "name resolution"
            case 5: "interface statistics"
            case 7: "IRIG timestamp"
            case 8: "ARINC 429"
            case 9: "systemd journal"
            case 10: "decryption secrets"
            case 0x0000_0bad, 0x4000_0bad: "custom"
            default: "type 0x" + String(type, radix: 16)
            }
        }
    }

    /// More types than these are counted together.
    private static let typeLimit = 32

    /// In the order of their first appearance.
    public private(set) var skippedBlocks: [SkippedBlocks] = []
    /// Blocks of further types.
    public private(set) var otherSkippedBlockCount: UInt64 = 0
    /// Timestamps whose fraction is a second or more, taken as they are: pcap writers in the wrong unit make them.
    public internal(set) var oddFractionCount: UInt64 = 0
    /// Timestamps that 64 bits of nanoseconds since 1970 cannot say; the record has its predecessor's.
    public internal(set) var unusableTimestampCount: UInt64 = 0
    /// Simple packet blocks, which have no time; the record has its predecessor's.
    public internal(set) var missingTimestampCount: UInt64 = 0

    mutating func countSkipped(_ type: UInt32) {
        if let index = skippedBlocks.firstIndex(where: { $0.type == type }) {
            skippedBlocks[index].count += 1
        } else if skippedBlocks.count < Self.typeLimit {
            skippedBlocks.append(SkippedBlocks(type: type, count: 1))
        } else {
            otherSkippedBlockCount += 1
        }
    }

    /// A phrase for each thing of which there is any.
    public var phrases: [String] {
        var phrases = skippedBlocks.map { "\(counted($0.count, "block")) skipped (\($0.name))" }
        if otherSkippedBlockCount > 0 { phrases.append("\(counted(otherSkippedBlockCount, "block")) skipped (others)") }
        if oddFractionCount > 0 {
            phrases.append("\(counted(oddFractionCount, "timestamp")) with a fraction of a second or more")
        }
        if unusableTimestampCount > 0 {
            phrases.append("\(counted(unusableTimestampCount, "timestamp")) outside 1970 to 2554")
        }
        if missingTimestampCount > 0 { phrases.append("\(counted(missingTimestampCount, "record")) without timestamp") }
        return phrases
    }

    private func counted(_ count: UInt64, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
