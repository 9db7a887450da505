import Model

/// How packets are expected to cross the wire; nil is not looked at.
public struct ExpectedEncryption: Hashable, Sendable {
    /// The way over the wire by its word in a scenario file.
    public enum Wire: String, Hashable, Sendable, CaseIterable {
        case encrypted, clear
        /// Not at all.
        case none
    }

    public var wire: Wire?
    /// Of the state that encrypted.
    public var spi: SPI?
    /// The node at the other end of the tunnel, unchecked.
    public var peer: Located<String>?

    /// Expects nothing.
    init() {}
}

/// What is expected to have stopped packets.
public struct ExpectedDrop: RawRepresentable, Hashable, Sendable, CaseIterable {
    /// `none`, the name of a counter of /proc/net/xfrm_stat, or what the network itself says.
    public let rawValue: String

    /// Nothing: they arrive.
    public static let none = ExpectedDrop(unchecked: "none")

    /// What the network says where no counter of XFRM is raised: names of the simulator's reasons.
    private static let ownNames = [
        "malformed", "wrongHeaderChecksum", "timeToLive", "tooBig", "clearFromPeer", "unusableFragment", "keepAlive",
        "nobody", "outside", "waiting",
    ]

    public static let allCases =
        [none] + ownNames.map(Self.init(unchecked:)) + XFRMCounter.allCases.map { Self(unchecked: $0.rawValue) }

    private init(unchecked name: String) { rawValue = name }

    /// - Returns: nil for a name that nothing has.
    public init?(rawValue: String) {
        guard let drop = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = drop
    }
}

/// What is expected of the ICMP errors that nodes make about packets.
public enum ExpectedNodeError: String, Hashable, Sendable, CaseIterable {
    /// There is none.
    case none
    /// It crosses the wire in clear.
    case clear
    /// It crosses the wire encrypted.
    case encrypted
    /// It is made, and does not leave the node.
    case withheld
    /// Its way is not over the wire.
    case local
}
