/// Numbers of the pcapng format. Source: pcapng draft, sections 3.1 (blocks), 3.5 (options) and 4.
enum PCAPNGBlock {
    /// The type of a section header, which is the same in both byte orders.
    static let sectionHeaderMagic: [UInt8] = [0x0a, 0x0d, 0x0d, 0x0a]
    static let sectionHeader: UInt32 = 0x0a0d_0d0a
    static let interfaceDescription: UInt32 = 1
    /// Obsolete.
    static let packet: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let nameResolution: UInt32 = 4
    static let enhancedPacket: UInt32 = 6
    static let decryptionSecrets: UInt32 = 10

    static let byteOrderMagic: UInt32 = 0x1a2b_3c4d
    /// Type, length, and the length again at the end.
    static let minimumByteCount = 12
}

/// The list of options that ends most blocks, in the section's byte order. Source: pcapng draft, section 3.5.
struct PCAPNGOptions {
    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private var position = 0

    init(_ bytes: [UInt8], isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    /// The next option's code and value; nil after the last.
    /// - Throws: the offset in the list of an option that runs past its end.
    mutating func next() throws(OptionFault) -> (code: UInt16, value: ArraySlice<UInt8>)? {
        guard bytes.count - position >= 4 else { return nil }
        let (code, count) = (number16(position), Int(number16(position + 2)))
        guard code != 0 else { return nil }
        guard bytes.count - position - 4 >= count else { throw OptionFault(offset: position) }
        let value = bytes[position + 4..<position + 4 + count]
        position = min(bytes.count, position + 4 + (count + 3) & ~3)
        return (code, value)
    }

    private func number16(_ offset: Int) -> UInt16 {
        let (first, second) = (UInt16(bytes[offset]), UInt16(bytes[offset + 1]))
        return isBigEndian ? first << 8 | second : second << 8 | first
    }
}

struct OptionFault: Error, Hashable, Sendable {
    /// From the beginning of the list.
    let offset: Int
}
