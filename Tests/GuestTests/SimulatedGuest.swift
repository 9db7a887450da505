import Crypto
import GuestLayout
import Inputs
import Model
import Sim
import TestSupport
import Testing

/// The guest's nodes in the simulator, to which the packets that its pods sent are sent once more.
struct SimulatedGuest {
    private(set) var network: Network
    private let scene: RecordedGuestScene
    private let pods: [GuestPod]
    private let wire: [RecordedPacket]
    private(set) var trace = JourneyTrace()
    /// Places in the list of commands that are refused as existing.
    private(set) var refused: [Int] = []
    /// Policies by which a node sends to another under a later SPI, until the wire shows that it does.
    private var later: [Way: (spi: SPI, policies: [XFRMChange])] = [:]
    /// SPIs of what nodes sent to each other, in order.
    private var spis: [Way: ArraySlice<SPI>] = [:]

    /// From one node to another, by their places.
    private struct Way: Hashable {
        var source: Int
        var destination: Int
    }

    /// - Parameter pods: Whose interfaces were captured.
    init(_ scene: RecordedGuestScene, options: DataplaneOptions, pods: [GuestPod]) throws {
        self.scene = scene
        self.pods = pods
        network = Network(options: options)
        wire = try scene.packets("wire")
        for node in GuestNode.all {
            let index = network.add(
                NodeNetwork(
                    node.name, addresses: AddressFamily.both.map(node.address),
                    podPrefixes: AddressFamily.both.map(node.prefix), gateways: AddressFamily.both.map(node.gateway)))
            for pod in node.pods {
                network.addPod(pod.name, addresses: AddressFamily.both.map(pod.address), node: index)
            }
        }
    }

    /// Applies what was applied in the guest, and gives the states what the wire shows of chance.
    mutating func applyCommands() throws {
        for (place, command) in try scene.commands().enumerated() {
            let node = try #require(network.nodes.firstIndex { $0.name == command.node })
            switch try network.nodes[node].xfrm.apply(command.change) {
            case .done: break
            case .exists: refused.append(place)
            case let other: throw GuestError("the simulator says \(other) of command \(place)")
            }
            if case .updatePolicy(let policy) = command.change, policy.direction == .out {
                try network.nodes[node].nodeInfo.update(NodeInfoKey(policy.selector.destination), to: 1)
            }
        }
        try giveChance()
    }

    /// Gives each node what an agent gives it for what all have published, under one SPI after another.
    mutating func applyRules(of published: [NodeInfoFile.Info], keys: [EncryptionKey]) throws {
        let known = try #require(keys.first.map { EncryptionKeys($0) })
        let all = keys.reduce(into: known) { $0.take($1) }
        for (source, local) in published.enumerated() {
            for (destination, remote) in published.enumerated() where destination != source {
                let mark = PacketMark.received(fromPeer: UInt16(destination + 1))
                for address in remote.encryption.addresses { try network.nodes[source].setPeerMark(mark, of: address) }
                for prefix in remote.encryption.podPrefixes {
                    try network.nodes[source].nodeInfo.update(NodeInfoKey(prefix), to: 1)
                }
                for key in keys {
                    var ends = (local.encryption, remote.encryption)
                    (ends.0.spi, ends.1.spi) = (key.spi, key.spi)
                    let rules = try EncryptionRules(
                        local: ends.0, remote: ends.1, keys: all, options: .hardened, receivedMark: { _ in mark },
                        digest: { SHA512.digest(of: $0) })
                    let states = rules.sending.filter(\.addsState)
                    for change in rules.receiving + states { try network.nodes[source].xfrm.apply(change) }
                    let policies = rules.sending.filter { !$0.addsState }
                    if key == keys.first {
                        for change in policies { try network.nodes[source].xfrm.apply(change) }
                    } else {
                        later[Way(source: source, destination: destination)] = (key.spi, policies)
                    }
                }
            }
        }
        for packet in wire {
            guard let spi = packet.spi, let way = way(from: packet.source, to: packet.destination) else { continue }
            spis[way, default: []].append(spi)
        }
        try giveChance()
    }

    private func way(from source: IPAddress, to destination: IPAddress) -> Way? {
        guard let source = network.node(for: source), let destination = network.node(for: destination) else {
            return nil
        }
        return Way(source: source, destination: destination)
    }

    /// Sends under a later SPI from when on the wire shows it: to one prefix of the peer after another.
    private mutating func advance(_ way: Way, to destination: IPAddress) throws {
        guard let next = spis[way]?.first, let change = later[way], next == change.spi else { return }
        for policy in change.policies where policy.isFor(destination) {
            try network.nodes[way.source].xfrm.apply(policy)
        }
        later[way]?.policies.removeAll { $0.isFor(destination) }
    }

    /// Gives the nodes what the recorded ones drew by chance.
    private mutating func giveChance() throws {
        var chance = RecordedChance()
        // Bytes have no padding that could be uninitialized.
        for packet in wire { chance.see(unsafe packet.bytes.span.bytes, isIPv6: packet.family == .v6) }
        #expect(chance.give(to: &network) == [])
        let own = try pods.flatMap { try scene.packets($0.name) }.sorted { $0.timestamp < $1.timestamp }
        for (index, node) in GuestNode.all.enumerated() {
            let errors = own.filter { $0.source == node.gateway($0.family) }
            network.nodes[index].ownIdentifications = IdentificationSource(
                recorded: errors.filter { $0.family == .v4 }.map(\.identification))
            network.nodes[index].ownFlowLabels = IdentificationSource(
                recorded: errors.filter { $0.family == .v6 }.map(\.flowLabel))
        }
    }

    /// Sends what the pods sent, in its order.
    mutating func run() throws {
        let sent = try pods.flatMap { pod in
            try scene.packets(pod.name).filter { pod.address($0.family) == $0.source }
        }
        for packet in sent.sorted(by: { $0.timestamp < $1.timestamp }) {
            let pod = try #require(network.pod(at: packet.source))
            let way = way(from: packet.source, to: packet.destination)
            if let way { try advance(way, to: packet.destination) }
            let before = trace.packets.count
            // Bytes have no padding that could be uninitialized.
            _ = network.carry(unsafe packet.bytes.span.bytes, from: .pod(pod), recorder: &trace)
            if let way {
                spis[way]?.removeFirst(trace.packets[before...].count { $0.point == .wire && $0.isFirstESP })
            }
        }
    }

    /// Compares what every node put on the wire, and what arrived at every pod, with what the guest's did.
    func compare() throws {
        #expect(!wire.isEmpty)
        for (index, node) in GuestNode.all.enumerated() {
            let made = trace.packets.filter { $0.point == .wire && $0.node == index }.map(\.bytes)
            let recorded = wire.filter {
                $0.source == node.address($0.family) || node.prefix($0.family).contains($0.source)
            }
            expectSame(made, recorded.map(\.bytes), "on the wire from \(node.name)")
        }
        for pod in pods {
            let arrived = trace.packets.filter { $0.point == .arrival && Self.isTo(pod, $0.bytes) }.map(\.bytes)
            let recorded = try scene.packets(pod.name).filter { $0.destination == pod.address($0.family) }
            // What comes from different places may overtake each other.
            for source in Set(recorded.map(\.source)) {
                expectSame(
                    arrived.filter { Self.source(of: $0) == source },
                    recorded.filter { $0.source == source }.map(\.bytes), "at \(pod.name) from \(source)")
            }
            #expect(arrived.count == recorded.count, "packets at \(pod.name)")
        }
    }

    private static func isTo(_ pod: GuestPod, _ packet: [UInt8]) -> Bool {
        packet[0] >> 4 == 4
            ? IPAddress(bytes: packet[16..<20]) == pod.address(.v4)
            : IPAddress(bytes: packet[24..<40]) == pod.address(.v6)
    }

    private static func source(of packet: [UInt8]) -> IPAddress? {
        packet[0] >> 4 == 4 ? IPAddress(bytes: packet[12..<16]) : IPAddress(bytes: packet[8..<24])
    }

    private func expectSame(_ made: [[UInt8]], _ recorded: [[UInt8]], _ place: String) {
        #expect(made.count == recorded.count, "packets \(place)")
        for (index, pair) in zip(made, recorded).enumerated() where pair.0 != pair.1 {
            Issue.record("packet \(index) \(place):\n\(hex(pair.0))\n\(hex(pair.1))")
            return
        }
    }

    /// Compares what the nodes count.
    func compareCounters() throws {
        for (index, node) in GuestNode.all.enumerated() {
            let recorded = try scene.counters(of: node)
            for counter in XFRMCounter.allCases {
                #expect(
                    network.nodes[index].xfrm.counters[counter] == UInt64(recorded[counter.rawValue] ?? 0),
                    "\(counter.rawValue) of \(node.name)")
            }
        }
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.prefix(120).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

extension XFRMChange {
    fileprivate var addsState: Bool {
        if case .addState = self { true } else { false }
    }

    /// Whether it is a policy for what goes to an address.
    fileprivate func isFor(_ destination: IPAddress) -> Bool {
        if case .updatePolicy(let policy) = self { policy.selector.destination.contains(destination) } else { false }
    }
}

extension ObservedPacket {
    /// Whether this is an ESP packet or the first fragment of one.
    fileprivate var isFirstESP: Bool {
        bytes[0] >> 4 == 4 ? bytes[9] == 50 && bytes[7] == 0 && bytes[6] & 0x1f == 0 : bytes[6] == 50
    }
}
