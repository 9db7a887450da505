public import Model

/// What a decryption has found. Every packet that was taken is counted in `packets` once.
public struct DecryptionReport: Hashable, Sendable {
    /// What a packet is. The raw value is a phrase for people.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case leak = "in clear between pods of different nodes"
        case badICV = "ESP with a wrong ICV"
        case unknownSPI = "ESP of an unknown SPI"
        case foreign = "ESP of an algorithm that is not supported"
        case malformedESP = "ESP that cannot be opened"
        case cut = "ESP of which the capture has only a part"
        case incomplete = "fragment of ESP whose packet is not whole"
        case different = "ESP that encrypts to other bytes"
        case replay = "ESP seen before"
        case decrypted = "ESP, decrypted"
        case fragment = "fragment of ESP, put together with the last"
        case copy = "what was decrypted just before, seen again"
        case quote = "ICMP error in clear that quotes a packet between pods of different nodes"
        case keepalive = "keepalive of ESP in UDP"
        case keyExchange = "IKE beside ESP in UDP"
        case clear = "in clear, as it may be"
        case otherProtocol = "no IP packet"
        case malformed = "cannot be parsed"

        /// Whether such a packet is what the check is about.
        public var isFailure: Bool {
            switch self {
            case .leak, .badICV, .unknownSPI, .foreign, .malformedESP, .cut, .incomplete, .different, .replay: true
            case .decrypted, .fragment, .copy, .quote, .keepalive, .keyExchange, .clear, .otherProtocol, .malformed:
                false
            }
        }
    }

    /// Where a packet stands.
    public struct Place: Hashable, Sendable {
        /// Index of the capture.
        public var capture: Int
        /// From 1.
        public var number: UInt64

        public init(capture: Int = 0, number: UInt64) {
            self.capture = capture
            self.number = number
        }
    }

    /// A packet that failed.
    public struct Failure: Hashable, Sendable {
        public var kind: Kind
        public var place: Place
        public var source: IPAddress
        public var destination: IPAddress
        public var spi: SPI?
        /// As far as it was sent.
        public var sequence: UInt32?
        /// A phrase with more, empty where there is none.
        public var detail: String
        /// More than one for the fragments of a packet.
        public var packetCount: UInt64 = 1

        init(
            kind: Kind, place: Place, source: IPAddress, destination: IPAddress, spi: SPI? = nil,
            sequence: UInt32? = nil, detail: String
        ) {
            self.kind = kind
            self.place = place
            self.source = source
            self.destination = destination
            self.spi = spi
            self.sequence = sequence
            self.detail = detail
        }
    }

    /// The packets of one state.
    public struct Association: Hashable, Sendable {
        public var source: IPAddress
        public var destination: IPAddress
        public var spi: SPI
        public var replayWindow: UInt32
        public var hasExtendedSequence: Bool
        /// ESP packets, whatever became of them.
        public var packetCount: UInt64 = 0
        /// Of inner packets that were decrypted.
        public var byteCount: UInt64 = 0
        public var decryptedCount: UInt64 = 0
        public var replayCount: UInt64 = 0
        public var badICVCount: UInt64 = 0
        public var differentCount: UInt64 = 0
        /// Numbers of packets whose ICV was right.
        public var numbers = SequenceSet()
    }

    /// Packets for which there is no state.
    public struct Stranger: Hashable, Sendable {
        public var source: IPAddress
        public var destination: IPAddress
        public var spi: SPI
        /// Of a state that was listed and is not simulated; nil where none was.
        public var reason: String?
        public var packetCount: UInt64 = 0
        public var byteCount: UInt64 = 0
        public var firstSequence: UInt32
        public var lastSequence: UInt32
    }

    /// Packets in clear between two addresses that should be encrypted.
    public struct ClearPackets: Hashable, Sendable {
        public var source: IPAddress
        public var destination: IPAddress
        public var packetCount: UInt64 = 0
        /// Of IP packets, on the wire; of fragments their data.
        public var byteCount: UInt64 = 0
        public var first: Place
    }

    /// More of each are counted together only.
    public static let failureLimit = 1000
    public static let pairLimit = 4096

    /// Only those of which there were packets.
    public internal(set) var associations: [Association] = []
    public private(set) var strangers: [Stranger] = []
    public private(set) var leaks: [ClearPackets] = []
    /// What followed its ESP packet at once: no leak on a node's own interface, and nowhere else.
    public private(set) var copies: [ClearPackets] = []
    /// The first ones; those of leaks are told by `leaks`.
    public private(set) var failures: [Failure] = []
    private var counts = [UInt64](repeating: 0, count: Kind.allCases.count)

    /// How many packets are of a kind.
    public subscript(kind: Kind) -> UInt64 {
        get { counts[Self.index(kind)] }
        set { counts[Self.index(kind)] = newValue }
    }

    private static func index(_ kind: Kind) -> Int {
        guard let index = Kind.allCases.firstIndex(of: kind) else { preconditionFailure("\(kind) is a case") }
        return index
    }

    /// All packets that were taken.
    public var packetCount: UInt64 { counts.reduce(0, +) }
    /// Those that the check is about.
    public var failureCount: UInt64 { Kind.allCases.filter(\.isFailure).reduce(0) { $0 + self[$1] } }
    public var isSuccess: Bool { failureCount == 0 }

    // MARK: Taking account

    /// Keeps a failure; it is counted already.
    mutating func note(_ failure: Failure) {
        if failures.count < Self.failureLimit { failures.append(failure) }
    }

    /// Counts packets in clear that should be encrypted.
    /// - Parameter isCopy: Whether they follow their ESP packets.
    mutating func countClear(
        _ addresses: AddressPair, isCopy: Bool = false, packetCount: UInt64 = 1, byteCount: Int, at place: Place
    ) {
        self[isCopy ? .copy : .leak] += packetCount
        let packets = ClearPackets(
            source: addresses.source, destination: addresses.destination, packetCount: packetCount,
            byteCount: UInt64(byteCount), first: place)
        if isCopy { copies.add(packets) } else { leaks.add(packets) }
    }

    /// Enters a packet without a state; it is counted already.
    mutating func add(_ stranger: Stranger) {
        let index = strangers.firstIndex {
            $0.spi == stranger.spi && $0.destination == stranger.destination && $0.source == stranger.source
        }
        if let index {
            strangers[index].packetCount += stranger.packetCount
            strangers[index].byteCount += stranger.byteCount
            strangers[index].lastSequence = stranger.lastSequence
        } else if strangers.count < Self.pairLimit {
            strangers.append(stranger)
        }
    }
}

extension [DecryptionReport.ClearPackets] {
    fileprivate mutating func add(_ packets: DecryptionReport.ClearPackets) {
        let index = firstIndex { $0.source == packets.source && $0.destination == packets.destination }
        if let index {
            self[index].packetCount += packets.packetCount
            self[index].byteCount += packets.byteCount
        } else if count < DecryptionReport.pairLimit {
            append(packets)
        }
    }
}
