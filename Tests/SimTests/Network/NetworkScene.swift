import Crypto
import Model

@testable import Sim

/// Nodes with one pod each, in both families, and the rules of a preset between all of them.
struct NetworkScene {
    static let key = required(AEADKey(bytes: [UInt8](1...20)))
    var network: Network
    let preset: Preset
    /// What the nodes know of each other.
    var infos: [NodeEncryption] = []

    /// - Parameters:
    ///   - outer: The family between the nodes.
    ///   - spis: Of the nodes, in order; every node knows the keys 1 and 2.
    init(_ preset: Preset, nodeCount: Int = 2, outer: AddressFamily = .v4, spis: [UInt32] = []) throws {
        self.preset = preset
        network = Network(options: DataplaneOptions(preset))
        for index in 0..<nodeCount {
            let number = UInt64(index + 1)
            let prefixes = [Self.prefix(.v4, number), Self.prefix(.v6, number)]
            let address = Self.nodeAddress(outer, number)
            let node = network.add(
                NodeNetwork(
                    "node\(number)", addresses: [address], podPrefixes: prefixes,
                    gateways: prefixes.map { $0.address.advanced(by: 1) }, seed: number))
            network.addPod(
                "pod\(number)", addresses: prefixes.map { $0.address.advanced(by: 2) }, node: node)
            let spi = SPI(rawValue: index < spis.count ? spis[index] : 1)
            infos.append(
                NodeEncryption(
                    spi: spi, addresses: [address], bootID: "00000000-0000-0000-0000-00000000000\(number)",
                    podPrefixes: prefixes))
        }
        for local in infos.indices {
            for remote in infos.indices where remote != local { try addRules(local, remote) }
        }
    }

    /// As an agent would, what is refused left alone.
    mutating func addRules(_ local: Int, _ remote: Int) throws {
        var keys = EncryptionKeys(EncryptionKey(spi: SPI(rawValue: 1), key: Self.key))
        keys.take(EncryptionKey(spi: SPI(rawValue: 2), key: Self.key))
        let mark = PacketMark.received(fromPeer: UInt16(remote + 1))
        let rules = try EncryptionRules(
            local: infos[local], remote: infos[remote], keys: keys, options: DataplaneOptions(preset),
            receivedMark: { _ in mark }, digest: { SHA512.digest(of: $0) })
        for change in rules.receiving + rules.sending {
            var change = change
            // Both families in one tunnel, also where upstream's states would not carry them.
            if case .addState(var state) = change {
                state.takesEitherFamily = true
                change = .addState(state)
            }
            try network.nodes[local].xfrm.apply(change)
        }
        for address in infos[remote].addresses { try network.nodes[local].setPeerMark(mark, of: address) }
        for prefix in infos[remote].podPrefixes {
            try network.nodes[local].nodeInfo.update(NodeInfoKey(prefix), to: 1)
        }
    }

    static func prefix(_ family: AddressFamily, _ number: UInt64) -> Prefix {
        switch family {
        case .v4: required(Prefix(.v4(0x0af4_0000 | UInt32(number) << 8), length: 24))
        case .v6: required(Prefix(.v6(high: 0xfd00_0010_0244_0000 | number, low: 0), length: 64))
        }
    }

    static func nodeAddress(_ family: AddressFamily, _ number: UInt64) -> IPAddress {
        family == .v4 ? .v4(0xc0a8_6400 | UInt32(number)) : .v6(high: 0xfd00_0100_0000_0000, low: number)
    }

    /// Of a node's pod; nodes count from 0.
    static func podAddress(_ family: AddressFamily, _ node: Int) -> IPAddress {
        prefix(family, UInt64(node + 1)).address.advanced(by: 2)
    }

    /// A packet from one pod to another.
    static func packet(
        _ family: AddressFamily = .v4, from source: Int = 0, to destination: Int = 1,
        _ change: (inout RawPacket) -> Void = { _ in }
    ) -> [UInt8] {
        var packet = RawPacket(source: podAddress(family, source), destination: podAddress(family, destination))
        change(&packet)
        return packet.bytes
    }

    /// Carries a packet and gives what happened, with what was seen on the way.
    mutating func carry(
        _ packet: [UInt8], byteCount: Int? = nil, from entry: JourneyEntry = .pod(0), mark: PacketMark = .none
    ) -> (journey: Journey, trace: JourneyTrace) {
        var trace = JourneyTrace()
        // Bytes have no padding that could be uninitialized.
        let journey = network.carry(
            unsafe packet.span.bytes, byteCount: byteCount, from: entry, mark: mark, recorder: &trace)
        return (journey, trace)
    }

    /// Changes states of a node after the fact, in place.
    mutating func changeStates(of node: Int, _ body: (inout XFRMDatabase.State) -> Void) {
        for index in network.nodes[node].xfrm.states.indices { network.nodes[node].xfrm.withState(index, body) }
    }
}

/// An IP packet to be made byte for byte, UDP unless it is said otherwise.
struct RawPacket {
    var source: IPAddress
    var destination: IPAddress
    var trafficClass: UInt8 = 0
    var timeToLive: UInt8 = 64
    var protocolNumber: UInt8 = 17
    var flowLabel: UInt32 = 0
    var identification: UInt16 = 0x1234
    /// Of an IPv4 header.
    var dontFragment = false
    var fragmentOffset = 0
    var hasMore = false
    var payload = [UInt8](repeating: 0x5a, count: 32)

    /// The size of all.
    var byteCount: Int {
        get { payload.count + headerByteCount }
        set { payload = (0..<newValue - headerByteCount).map { UInt8(truncatingIfNeeded: $0) } }
    }

    private var headerByteCount: Int { source.family == .v4 ? 20 : 40 }

    var bytes: [UInt8] {
        switch source.family {
        case .v4:
            let flags = (dontFragment ? 0x4000 : 0) | (hasMore ? 0x2000 : 0) | fragmentOffset / 8
            var header = [0x45, trafficClass] + Self.network(byteCount, 2) + Self.network(Int(identification), 2)
            header += Self.network(flags, 2) + [timeToLive, protocolNumber, 0, 0] + source.bytes + destination.bytes
            header.replaceSubrange(10..<12, with: Self.network(Int(InternetChecksum.of(header)), 2))
            return header + payload
        case .v6:
            let first = 6 << 28 | Int(trafficClass) << 20 | Int(flowLabel)
            return Self.network(first, 4) + Self.network(payload.count, 2) + [protocolNumber, timeToLive] + source.bytes
                + destination.bytes + payload
        }
    }

    static func network(_ value: Int, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * (byteCount - 1 - $0))) }
    }
}

extension Network {
    /// The same with other options.
    func with(_ options: DataplaneOptions) -> Network {
        var network = Network(options: options)
        for node in nodes { network.add(node) }
        for pod in pods { network.addPod(pod.name, addresses: pod.addresses, node: pod.node) }
        return network
    }
}

extension JourneyTrace {
    /// The packets seen at one kind of place.
    func packets(at point: ObservationPoint) -> [[UInt8]] { packets.filter { $0.point == point }.map(\.bytes) }
}

/// A value that a test writes down and that is right.
func required<T>(_ value: T?) -> T {
    guard let value else { preconditionFailure("no \(T.self)") }
    return value
}
