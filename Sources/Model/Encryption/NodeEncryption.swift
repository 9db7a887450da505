/// What a node says of itself so that others can send it encrypted packets: its KmeshNodeInfo.
public struct NodeEncryption: Hashable, Sendable {
    /// Names the key that the node receives under.
    public var spi: SPI
    /// Its tunnels end there.
    public var addresses: [IPAddress]
    /// Of the kernel that runs; part of the keys, so that a reboot, after which counters begin anew, changes them.
    public var bootID: String
    /// What goes to these addresses goes to the node encrypted.
    public var podPrefixes: [Prefix]
    /// Whether it takes sequence numbers of 64 bits; both ends must.
    public var hasExtendedSequence: Bool

    /// The annotation that says so.
    public static let extendedSequenceAnnotation = "kmesh.net/esn"

    public init(
        spi: SPI, addresses: [IPAddress], bootID: String, podPrefixes: [Prefix], hasExtendedSequence: Bool = false
    ) {
        self.spi = spi
        self.addresses = addresses
        self.bootID = bootID
        self.podPrefixes = podPrefixes
        self.hasExtendedSequence = hasExtendedSequence
    }
}
