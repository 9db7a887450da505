import GuestLayout
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
            // Bytes have no padding that could be uninitialized.
            _ = network.carry(unsafe packet.bytes.span.bytes, from: .pod(pod), recorder: &trace)
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
            expectSame(arrived, recorded.map(\.bytes), "at \(pod.name)")
        }
    }

    private static func isTo(_ pod: GuestPod, _ packet: [UInt8]) -> Bool {
        packet[0] >> 4 == 4
            ? IPAddress(bytes: packet[16..<20]) == pod.address(.v4)
            : IPAddress(bytes: packet[24..<40]) == pod.address(.v6)
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
