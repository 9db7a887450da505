/// A security association as Linux holds it (`ip xfrm state`): ESP in tunnel mode with rfc4106(gcm(aes)). What it has
/// counted so far is not part of it.
public struct XFRMState: Hashable, Sendable {
    /// Of the outer header.
    public var source: IPAddress
    public var destination: IPAddress
    public var spi: SPI
    /// Ties a state to the templates of policies; 0 for none.
    public var requestID: UInt32
    public var key: AEADKey
    /// Part of what a state is found by.
    public var mark: MarkSelector
    /// What decrypted packets are marked with; nil to leave their mark.
    public var outputMark: PacketMark?
    /// Of received packets: how far behind the highest sequence number one may be. 0 for no check.
    public var replayWindow: UInt32
    /// Whether sequence numbers have 64 bits (RFC 4303 §2.2.1).
    public var hasExtendedSequence: Bool
    /// `flag af-unspec`: inner packets may be of the other family.
    public var takesEitherFamily: Bool
    /// ESP in UDP (RFC 3948): the ports of the outer UDP header; nil for plain ESP.
    public var encapsulation: UDPEncapsulation?

    public init(
        source: IPAddress, destination: IPAddress, spi: SPI, requestID: UInt32 = 1, key: AEADKey,
        mark: MarkSelector = .any, outputMark: PacketMark? = nil, replayWindow: UInt32 = 0,
        hasExtendedSequence: Bool = false, takesEitherFamily: Bool = false, encapsulation: UDPEncapsulation? = nil
    ) {
        self.source = source
        self.destination = destination
        self.spi = spi
        self.requestID = requestID
        self.key = key
        self.mark = mark
        self.outputMark = outputMark
        self.replayWindow = replayWindow
        self.hasExtendedSequence = hasExtendedSequence
        self.takesEitherFamily = takesEitherFamily
        self.encapsulation = encapsulation
    }
}

/// The ports of ESP in UDP. Source: RFC 3948 §2.1.
public struct UDPEncapsulation: Hashable, Sendable {
    /// Usual at both ends.
    public static let port: UInt16 = 4500

    public var sourcePort: UInt16
    public var destinationPort: UInt16

    public init(sourcePort: UInt16 = Self.port, destinationPort: UInt16 = Self.port) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}
