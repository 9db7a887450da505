import Model

/// What is kept of a flow that is followed: 128 bytes, whatever its addresses.
///
/// With many flows a packet's time is that of the memory it touches. So the first 64 bytes have all that a packet needs
/// that does what the last one did, but for the higher bits of IPv6 addresses.
struct FlowEntry: Sendable, BitwiseCopyable {
    /// What was seen of a flow.
    struct State: OptionSet, Sendable, BitwiseCopyable {
        var rawValue: UInt8

        static let isIPv6 = State(rawValue: 1)
        /// The server has been heard of.
        static let answered = State(rawValue: 2)
        /// The client has spoken after the server.
        static let established = State(rawValue: 4)
        static let clientFinished = State(rawValue: 8)
        static let serverFinished = State(rawValue: 16)
        static let reset = State(rawValue: 32)
        static let midCapture = State(rawValue: 64)
        /// The table has it under the address where its packets go, too.
        static let isFoundByFinal = State(rawValue: 128)
    }

    private var clientLow: UInt32
    private var requestedLow: UInt32
    private var finalLow: UInt32
    private(set) var clientPort: UInt16
    private(set) var requestedPort: UInt16
    private(set) var finalPort: UInt16
    private(set) var protocolNumber: UInt8
    var state: State
    /// Of the last packet, since the first, in units of `tick`.
    var lastTick: UInt32 = 0
    private(set) var firstTimestamp: UInt64
    /// Of the client and of the server; what runs over is in the details.
    var sent = FlowCount()
    var received = FlowCount()
    /// What its packets did last time, by direction.
    var forward = FlowWay()
    var backward = FlowWay()

    // Here the second 64 bytes begin.

    var firstPacket: UInt64
    private var clientHigh: HighBits
    private var requestedHigh: HighBits
    private var finalHigh: HighBits
    /// Of the packet that opened it.
    var initialSequence: UInt32 = 0
    /// Index in the facts that flows share.
    var facts: UInt32 = 0
    /// Index in the details of flows that have some, 0 for none.
    var details: UInt32 = 0

    /// The first 96 bits of an IPv6 address.
    private struct HighBits: Equatable, BitwiseCopyable {
        var high: UInt64
        var middle: UInt32

        @inline(__always)
        init(_ address: WideAddress) {
            high = address.high
            middle = UInt32(truncatingIfNeeded: address.low >> 32)
        }
    }

    /// Bits of nanoseconds in a tick: about a millisecond.
    static let tickBits: UInt64 = 20

    init(_ key: FlowKey, firstPacket: UInt64, timestamp: UInt64) {
        clientLow = UInt32(truncatingIfNeeded: key.source.low)
        requestedLow = UInt32(truncatingIfNeeded: key.destination.low)
        finalLow = requestedLow
        clientHigh = HighBits(key.source)
        requestedHigh = HighBits(key.destination)
        finalHigh = requestedHigh
        clientPort = key.sourcePort
        requestedPort = key.destinationPort
        finalPort = key.destinationPort
        protocolNumber = key.protocolNumber
        state = key.isIPv6 ? .isIPv6 : []
        self.firstPacket = firstPacket
        firstTimestamp = timestamp
    }

    var client: WideAddress { Self.address(clientHigh, clientLow) }
    var requested: WideAddress { Self.address(requestedHigh, requestedLow) }
    /// Equal to `requested` where nothing is translated, and where it is not known.
    var final: WideAddress { Self.address(finalHigh, finalLow) }

    private static func address(_ high: HighBits, _ low: UInt32) -> WideAddress {
        WideAddress(high: high.high, low: UInt64(high.middle) << 32 | UInt64(low))
    }

    /// Gives a flow another end, before it is in a table.
    mutating func setFinal(_ end: SocketAddress) {
        let address = WideAddress(end.address)
        finalLow = UInt32(truncatingIfNeeded: address.low)
        finalHigh = HighBits(address)
        finalPort = end.port
    }

    var family: AddressFamily { state.contains(.isIPv6) ? .v6 : .v4 }
    var clientAddress: SocketAddress { SocketAddress(client.address(family), port: clientPort) }
    var requestedAddress: SocketAddress { SocketAddress(requested.address(family), port: requestedPort) }
    var finalAddress: SocketAddress { SocketAddress(final.address(family), port: finalPort) }

    /// The key of packets to the address that was asked for.
    var requestedKey: FlowKey { FlowKey(clientAddress, requestedAddress, IPProtocol(rawValue: protocolNumber)) }
    /// The key of packets to the address where they go.
    var finalKey: FlowKey { FlowKey(clientAddress, finalAddress, IPProtocol(rawValue: protocolNumber)) }
    var hasTwoKeys: Bool { final != requested || finalPort != requestedPort }

    /// Ticks between the first packet and a time; 0 before it.
    @inline(__always)
    func tick(at timestamp: UInt64) -> UInt32 {
        guard timestamp > firstTimestamp else { return 0 }
        return UInt32(truncatingIfNeeded: min((timestamp - firstTimestamp) >> Self.tickBits, UInt64(UInt32.max)))
    }

    /// Of the last packet, to the tick.
    var lastTimestamp: UInt64 { firstTimestamp &+ UInt64(lastTick) << Self.tickBits }
}

/// Packets of one direction of a flow, and their bytes.
struct FlowCount: Sendable, BitwiseCopyable {
    private(set) var packets: UInt32 = 0
    private(set) var bytes: UInt32 = 0

    init() {}

    /// One packet.
    init(byteCount: Int) { (packets, bytes) = (1, UInt32(clamping: byteCount)) }

    /// Counts a packet.
    /// - Returns: false where there is no room for it; nothing is counted then.
    @inline(__always)
    mutating func add(byteCount: Int) -> Bool {
        let (sum, isOver) = bytes.addingReportingOverflow(UInt32(clamping: byteCount))
        guard !isOver, packets != .max else { return false }
        bytes = sum
        packets += 1
        return true
    }

    var traffic: Traffic { Traffic(packets: UInt64(packets), bytes: UInt64(bytes)) }
}

/// What packets of one direction of a flow did last time, and which ones do the same.
struct FlowWay: Sendable, BitwiseCopyable {
    struct Marks: OptionSet, Sendable, BitwiseCopyable {
        var rawValue: UInt8

        /// Nothing is counted beside packets and bytes.
        static let isPlain = Marks(rawValue: 1)
        /// Some packets crossed the wire between nodes in clear, or encrypted.
        static let sawClear = Marks(rawValue: 4)
        static let sawEncrypted = Marks(rawValue: 8)
        /// They had the address where the flow goes, and that is not the one that was asked for.
        static let isFinal = Marks(rawValue: 16)
    }

    /// No vantage, for a way that is not known.
    static let noVantage = UInt8.max

    /// Index of the disposition.
    var disposition: UInt16 = 0
    /// Larger packets may do otherwise.
    var longest: UInt16 = 0
    /// Packets that may go less far may do otherwise.
    var leastHops: UInt8 = 0
    var vantage = FlowWay.noVantage
    var marks: Marks = []
}

extension FlowEntry {
    /// Counts a packet that does what the last one of its direction did.
    /// - Returns: the disposition; nil for a packet of which that is not known.
    @inline(__always)
    mutating func repeats(
        _ place: FlowTable.Place, _ outline: PacketOutline, _ record: PacketRecord, shortestIdle: UInt32
    ) -> Int? {
        let isForward = place.isForward
        let way = isForward ? forward : backward
        guard way.marks.contains(.isPlain), Int(way.vantage) == record.vantage,
            way.marks.contains(.isFinal) == place.isFinal, outline.hasPlainHeader,
            outline.byteCount <= Int(way.longest), outline.hopLimit >= way.leastHops,
            !outline.changesConnection
        else { return nil }
        let tick = tick(at: record.timestamp)
        if tick > lastTick {
            guard tick - lastTick <= shortestIdle else { return nil }
            lastTick = tick
        }
        let isCounted =
            isForward ? sent.add(byteCount: outline.byteCount) : received.add(byteCount: outline.byteCount)
        guard isCounted else { return nil }
        return Int(way.disposition)
    }

    /// Whether a key is one of the flow's: true for packets of the client, false for those of the server.
    /// - Parameter isFinal: Whether the flow's end is meant, or the address that was asked for.
    @inline(__always)
    func direction(of key: FlowKey, isFinal: Bool) -> Bool? {
        guard protocolNumber == key.protocolNumber, state.contains(.isIPv6) == key.isIPv6 else { return nil }
        let port = isFinal ? finalPort : requestedPort
        if key.sourcePort == clientPort, key.destinationPort == port,
            isClient(key.source, key.isIPv6), isServer(key.destination, key.isIPv6, isFinal: isFinal)
        {
            return true
        }
        if key.destinationPort == clientPort, key.sourcePort == port,
            isClient(key.destination, key.isIPv6), isServer(key.source, key.isIPv6, isFinal: isFinal)
        {
            return false
        }
        return nil
    }

    @inline(__always)
    private func isClient(_ address: WideAddress, _ isIPv6: Bool) -> Bool {
        UInt32(truncatingIfNeeded: address.low) == clientLow && (!isIPv6 || HighBits(address) == clientHigh)
    }

    @inline(__always)
    private func isServer(_ address: WideAddress, _ isIPv6: Bool, isFinal: Bool) -> Bool {
        UInt32(truncatingIfNeeded: address.low) == (isFinal ? finalLow : requestedLow)
            && (!isIPv6 || HighBits(address) == (isFinal ? finalHigh : requestedHigh))
    }
}
