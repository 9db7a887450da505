/// What a key file says: a key that all nodes share, and its version.
public struct EncryptionKey: Hashable, Sendable {
    public var spi: SPI
    /// Never used itself: states have keys derived from it.
    public var key: AEADKey

    public init(spi: SPI, key: AEADKey) {
        self.spi = spi
        self.key = key
    }
}

/// The keys that a node has read so far. Earlier ones are kept, because peers may still use them.
public struct EncryptionKeys: Hashable, Sendable {
    /// What was read last.
    public private(set) var current: EncryptionKey
    /// Earlier ones, by SPI.
    private var earlier: [EncryptionKey] = []

    public init(_ first: EncryptionKey) { current = first }

    /// Takes the key of a file that was read anew. One of the same SPI is replaced.
    public mutating func take(_ key: EncryptionKey) {
        earlier.removeAll { $0.spi == key.spi }
        if current.spi != key.spi {
            earlier.removeAll { $0.spi == current.spi }
            earlier.append(current)
            earlier.sort { $0.spi < $1.spi }
        }
        current = key
    }

    /// The highest version that was read.
    public var newest: SPI { max(current.spi, earlier.last?.spi ?? current.spi) }

    /// The key of a version, nil where none was read.
    public subscript(spi: SPI) -> AEADKey? {
        current.spi == spi ? current.key : earlier.first { $0.spi == spi }?.key
    }
}

/// One end of a tunnel, as far as its keys depend on it.
public struct TunnelEnd: Hashable, Sendable {
    public var address: IPAddress
    public var bootID: String

    public init(_ address: IPAddress, bootID: String) {
        self.address = address
        self.bootID = bootID
    }
}

/// Why no key can be derived.
public enum KeyDerivationError: Error, Hashable, Sendable, CustomStringConvertible {
    case shortBootID(String)

    public var description: String {
        switch self {
        case .shortBootID(let text):
            "the boot id \"\(text)\" has fewer than \(AEADKey.bootIDByteCount) characters; "
                + "/proc/sys/kernel/random/boot_id has them"
        }
    }
}

extension AEADKey {
    /// What counts of a boot id; what stands behind it, as a newline, does not.
    public static let bootIDByteCount = 36

    /// The key of the state from one end to the other: the digest of this key, both addresses as text and both boot
    /// ids, cut to this key's size.
    /// - Parameter digest: SHA-512.
    public func derived(
        from source: TunnelEnd, to destination: TunnelEnd, digest: ([UInt8]) -> [UInt8]
    ) throws(KeyDerivationError) -> AEADKey {
        let addresses = Array("\(source.address)\(destination.address)".utf8)
        var own = bytes
        var input: [UInt8] = []
        // Grown at once: what it would grow from could not be wiped.
        input.reserveCapacity(byteCount + addresses.count + 2 * Self.bootIDByteCount)
        input += own
        wipe(&own)
        defer { wipe(&input) }
        input += addresses
        for end in [source, destination] {
            let id = end.bootID.utf8.prefix(Self.bootIDByteCount)
            guard id.count == Self.bootIDByteCount else { throw .shortBootID(end.bootID) }
            input += id
        }
        var output = digest(input)
        var cut = Array(output.prefix(byteCount))
        defer {
            wipe(&output)
            wipe(&cut)
        }
        guard let key = AEADKey(bytes: cut, icvByteCount: icvByteCount) else {
            preconditionFailure("a digest of fewer than \(byteCount) bytes")
        }
        return key
    }
}
