import Model

/// What is kept of a flow that is followed: 128 bytes, whatever its addresses.
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

    var client: WideAddress
    var requested: WideAddress
    /// Equal to `requested` where nothing is translated, and where it is not known.
    var final: WideAddress
    var clientPort: UInt16
    var requestedPort: UInt16
    var finalPort: UInt16
    var protocolNumber: UInt8
    var state: State
    var sentBytes: UInt64 = 0
    var receivedBytes: UInt64 = 0
    /// The low 32 bits; what runs over is in the details.
    var sentPackets: UInt32 = 0
    var receivedPackets: UInt32 = 0
    var firstPacket: UInt64
    var firstTimestamp: UInt64
    /// Of the last packet, since the first, in units of `tick`.
    var lastTick: UInt32 = 0
    /// Of the packet that opened it.
    var initialSequence: UInt32 = 0
    /// What its packets did last time, by direction.
    var forward = FlowWay()
    var backward = FlowWay()
    /// Index in the facts that flows share.
    var facts: UInt32 = 0
    /// Index in the details of flows that have some, 0 for none.
    var details: UInt32 = 0

    /// Bits of nanoseconds in a tick: about a millisecond.
    static let tickBits: UInt64 = 20

    init(_ key: FlowKey, firstPacket: UInt64, timestamp: UInt64) {
        client = key.source
        requested = key.destination
        final = key.destination
        clientPort = key.sourcePort
        requestedPort = key.destinationPort
        finalPort = key.destinationPort
        protocolNumber = key.protocolNumber
        state = key.isIPv6 ? .isIPv6 : []
        self.firstPacket = firstPacket
        firstTimestamp = timestamp
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
        if isForward {
            guard sentPackets != .max else { return nil }
            sentPackets += 1
            sentBytes &+= UInt64(truncatingIfNeeded: outline.byteCount)
        } else {
            guard receivedPackets != .max else { return nil }
            receivedPackets += 1
            receivedBytes &+= UInt64(truncatingIfNeeded: outline.byteCount)
        }
        return Int(way.disposition)
    }

    /// Whether a key is one of the flow's: true for packets of the client, false for those of the server.
    /// - Parameter isFinal: Whether the flow's end is meant, or the address that was asked for.
    @inline(__always)
    func direction(of key: FlowKey, isFinal: Bool) -> Bool? {
        guard protocolNumber == key.protocolNumber, state.contains(.isIPv6) == key.isIPv6 else { return nil }
        let server = isFinal ? final : requested
        let port = isFinal ? finalPort : requestedPort
        if key.sourcePort == clientPort, key.destinationPort == port, key.source == client, key.destination == server {
            return true
        }
        if key.destinationPort == clientPort, key.sourcePort == port, key.destination == client, key.source == server {
            return false
        }
        return nil
    }
}
