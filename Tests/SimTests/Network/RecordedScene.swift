import Inputs
import Model
import Sim
import TestSupport
import Testing

/// Two nodes with the rules of a recording, to which the packets of its pods are sent once more.
struct RecordedScene {
    /// One of the two, by the letter that the recording gives it.
    struct Side {
        var letter: String
        var node: Int
        var address: IPAddress
        var prefix: Prefix
        var gateway: IPAddress
        /// What passed its pod's interface.
        var captured: [RecordedPacket] = []
        /// What the pod sent to the other.
        var sent: [RecordedPacket] = []
    }

    enum Event {
        case sent(side: Int, RecordedPacket)
        /// Put on the wire by somebody else.
        case injected(RecordedPacket)

        var timestamp: UInt64 {
            switch self {
            case .sent(_, let packet), .injected(let packet): packet.timestamp
            }
        }
    }

    let recording: String
    private(set) var network: Network
    private(set) var sides: [Side] = []
    /// What the nodes sent to each other.
    private(set) var wire: [RecordedPacket] = []
    private(set) var events: [Event] = []
    private(set) var trace = JourneyTrace()
    private(set) var journeys: [Journey] = []
    private var commands: ArraySlice<XFRMCommands.Command>

    init(_ recording: String) throws {
        self.recording = recording
        let text = try Recordings.text(recording, "commands.txt")
        commands = try XFRMCommands(parsing: text, file: "commands.txt").commands[...]
        network = Network(options: .upstream)
        for letter in ["A", "B"] { try addSide(letter) }
        wire = try Recordings.packets(recording, "underlay.pcap").filter { isOurs($0) }
        try addPackets()
        giveChances()
        // Until both have all rules that they begin with.
        while !sides.allSatisfy({ hasRules($0) }), let command = commands.popFirst() { try apply(command) }
    }

    /// A node, as the rules show it: where it receives, and what for.
    private mutating func addSide(_ letter: String) throws {
        var (address, prefix): (IPAddress?, Prefix?)
        for command in commands where command.node == letter {
            if case .addState(let state) = command.change, state.outputMark != nil { address = state.destination }
            if case .addPolicy(let policy) = command.change, policy.direction == .fwd {
                prefix = policy.selector.destination
            }
        }
        guard let address, let prefix else { throw SceneError("the rules of node \(letter) tell no addresses") }
        let gateway = prefix.network.advanced(by: 1)
        let node = network.add(
            NodeNetwork(letter, addresses: [address], podPrefixes: [prefix], gateways: [gateway]))
        sides.append(Side(letter: letter, node: node, address: address, prefix: prefix, gateway: gateway))
    }

    /// Between nodes and pods, and not about neighbours.
    private func isOurs(_ packet: RecordedPacket) -> Bool {
        func isKnown(_ address: IPAddress) -> Bool {
            sides.contains { $0.address == address || $0.prefix.contains(address) }
        }
        return isKnown(packet.source) && isKnown(packet.destination) && !packet.isNeighbourDiscovery
    }

    private mutating func addPackets() throws {
        for index in sides.indices {
            let side = sides[index]
            let other = sides[1 - index]
            let captured = try Recordings.packets(recording, "pod\(side.letter).pcap").filter { isOurs($0) }
            sides[index].captured = captured
            sides[index].sent = captured.filter { side.prefix.contains($0.source) && $0.source != side.gateway }
            events += sides[index].sent.map { .sent(side: index, $0) }
            // The programs that mark are there where anything was encrypted.
            if wire.contains(where: \.isESP) {
                try network.nodes[side.node].nodeInfo.update(NodeInfoKey(other.prefix), to: 1)
            }
        }
        let addresses = Set(sides.flatMap(\.captured).flatMap { [$0.source, $0.destination] })
        for side in sides {
            for address in addresses.sorted() where side.prefix.contains(address) && address != side.gateway {
                network.addPod("pod\(side.letter)", addresses: [address], node: side.node)
            }
        }
        if let all = try? Recordings.packets(recording, "underlay_pb.pcap") {
            var rest = wire.map(\.bytes)
            for packet in all where isOurs(packet) {
                if let index = rest.firstIndex(of: packet.bytes) {
                    rest.remove(at: index)
                } else {
                    events.append(.injected(packet))
                }
            }
        }
        let ordered = events.enumerated().sorted {
            ($0.element.timestamp, $0.offset) < ($1.element.timestamp, $1.offset)
        }
        events = ordered.map(\.element)
    }
}

// MARK: Chance

extension RecordedScene {
    /// What the recorded nodes drew by chance: identifications and flow labels. The constants of IVs are given when their
    /// states are added.
    private mutating func giveChances() {
        for side in sides {
            let outer = wire.filter { $0.isESP && $0.source == side.address && $0.isCounted }
            // Errors to the other's pod are seen on the wire, to its own there.
            let own = (wire.filter { $0.source == side.address } + side.captured.filter { $0.source == side.gateway })
                .filter { !$0.isESP }.sorted { $0.timestamp < $1.timestamp }
            network.nodes[side.node].outerIdentifications = IdentificationSource(
                recorded: outer.map(\.identification))
            network.nodes[side.node].ownIdentifications = IdentificationSource(
                recorded: own.filter { $0.family == .v4 }.map(\.identification))
            network.nodes[side.node].ownFlowLabels = IdentificationSource(
                recorded: own.filter { $0.family == .v6 }.map(\.flowLabel))
        }
    }

    /// Applies a rule, and gives its state the constant that the wire shows: the IV of any of its packets XOR its number.
    private mutating func apply(_ command: XFRMCommands.Command) throws {
        guard let side = sides.first(where: { $0.letter == command.node }) else {
            throw SceneError("no node \(command.node ?? "")")
        }
        let outcome = try network.nodes[side.node].xfrm.apply(command.change)
        guard outcome == .done else { throw SceneError("\(command): \(outcome)") }
        guard case .addState(let state) = command.change else { return }
        for packet in wire where packet.source == state.source && packet.spi == state.spi {
            let start = packet.headerByteCount
            let constant =
                packet.number(at: start + 8, UInt64.self) ^ UInt64(packet.number(at: start + 4, UInt32.self))
            network.nodes[side.node].xfrm.setIVConstant(constant, of: state.id)
            break
        }
    }

    private func hasRules(_ side: Side) -> Bool {
        XFRMPolicy.Direction.allCases.allSatisfy { !network.nodes[side.node].xfrm.policies($0).isEmpty }
    }
}

// MARK: Replay

extension RecordedScene {
    /// Sends every packet, and applies each rule when the wire shows that it was there, the rest in the end.
    mutating func run() throws {
        var sentCounts = [0, 0]
        for event in events {
            switch event {
            case .sent(let side, let packet):
                try advanceRules(of: sides[side], after: sentCounts[side])
                let before = trace.packets.count
                let pod = try #require(network.pod(at: packet.source))
                carry(packet, from: .pod(pod))
                sentCounts[side] += trace.packets[before...].count {
                    $0.point == .wire && $0.node == sides[side].node && $0.isFirstESP
                }
            case .injected(let packet): carry(packet, from: .wire)
            }
        }
        while let command = commands.popFirst() { try apply(command) }
    }

    private mutating func carry(_ packet: RecordedPacket, from entry: JourneyEntry) {
        // Bytes have no padding that could be uninitialized.
        journeys.append(network.carry(unsafe packet.bytes.span.bytes, from: entry, recorder: &trace))
    }

    /// Goes on with the rules until the node sends under the SPI that its next packet on the wire has.
    private mutating func advanceRules(of side: Side, after count: Int) throws {
        let next = wire.filter { $0.source == side.address && $0.spi != nil }.dropFirst(count).first
        guard let spi = next?.spi else { return }
        func isReady(_ network: Network) -> Bool {
            network.nodes[side.node].xfrm.policies(.out).contains { $0.templates.first?.spi == spi }
        }
        while !isReady(network), let command = commands.popFirst() { try apply(command) }
    }

    /// What a node sent to the other, in order; packets that others put there left out.
    func sentToWire(by side: Side) -> [[UInt8]] {
        trace.packets.filter { packet in
            guard packet.point == .wire, let source = Self.source(of: packet.bytes) else { return false }
            // What was injected was sent by nobody here.
            return packet.node == side.node && (source == side.address || side.prefix.contains(source))
        }.map(\.bytes)
    }

    static func source(of packet: [UInt8]) -> IPAddress? {
        IPAddress(bytes: packet[0] >> 4 == 4 ? packet[12..<16] : packet[8..<24])
    }

    /// The same in the recording.
    func recordedOnWire(by side: Side) -> [[UInt8]] {
        wire.filter { $0.source == side.address || side.prefix.contains($0.source) }.map(\.bytes)
    }
}

extension RecordedPacket {
    /// Of an ESP packet's first bytes; nil for others and for later fragments.
    fileprivate var spi: SPI? {
        isESP && !isLaterFragment ? SPI(rawValue: number(at: headerByteCount, UInt32.self)) : nil
    }

    /// Whether its identification comes from the counter, and no fragment before it had it.
    fileprivate var isCounted: Bool { mayBeFragmented && !isLaterFragment }
}

extension ObservedPacket {
    /// Whether this is an ESP packet or the first fragment of one.
    fileprivate var isFirstESP: Bool {
        bytes[0] >> 4 == 4 ? bytes[9] == 50 && bytes[7] == 0 && bytes[6] & 0x1f == 0 : bytes[6] == 50
    }
}

struct SceneError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
