public import Model

/// All that happens to one packet of a replay, in order.
public struct PacketTrace: Sendable {
    enum Entry: Sendable {
        case replay(ReplayStep)
        case journey(node: Int, JourneyStep)
        /// A packet as it was seen at one place: its size, and what stands in its IP header.
        case seen(ObservationPoint, node: Int, mark: PacketMark, text: String)
    }

    private(set) var entries: [Entry] = []
    /// The packet as it was captured: its ends and its size.
    public let captured: String
    /// What became of the packet; nil before its end.
    public private(set) var resolution: PacketResolution?

    /// - Parameter packet: As it was captured, from the network layer on.
    public init(_ packet: RawSpan, _ record: PacketRecord) {
        captured =
            record.etherType == .ipv4 || record.etherType == .ipv6
            ? PacketText.of(packet, byteCount: record.originalByteCount) : "\(record.originalByteCount) bytes, not IP"
    }

    public mutating func add(_ step: ReplayStep) { entries.append(.replay(step)) }

    public mutating func add(node: Int, _ step: JourneyStep) { entries.append(.journey(node: node, step)) }

    public mutating func add(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        entries.append(.seen(point, node: node, mark: mark, text: PacketText.of(packet, byteCount: byteCount)))
    }

    public mutating func end(_ resolution: PacketResolution) { self.resolution = resolution }

    /// The steps with names instead of numbers, under a hook and where it ran, or a node whose network stack the packet
    /// crosses.
    public func sections(world: World, network: Network) -> [TraceSection] {
        let namer = JourneyNamer(network: network, book: NameBook(world.mesh))
        var sections: [TraceSection] = []
        var current: Int??
        /// The XFRM state that was found last.
        var state: Int?
        func add(_ step: TraceStep, node: Int?) {
            if current != .some(node) {
                let title = node.map { namer.node($0) } ?? "replay"
                sections.append(TraceSection(title: title, steps: []))
                current = node
            }
            sections[sections.count - 1].steps.append(step)
        }
        for entry in entries {
            switch entry {
            case .replay(.hook(let event)):
                let trace = TraceNamer(book: namer.book, node: world.nodes[event.node], options: world.options)
                    .trace(event)
                let title = "\(trace.hook.rawValue) on \(trace.node): \(trace.reason.rawValue)"
                sections.append(TraceSection(title: title, steps: trace.steps))
                current = nil
            case .replay(let step): add(namer.step(step), node: nil)
            case .journey(let node, .replay(let check)):
                add(namer.step(check, by: state, at: node), node: node)
            case .journey(let node, let step):
                if case .state(_, let found) = step { state = found }
                add(namer.step(step, at: node), node: node)
            case .seen(let point, let node, let mark, let text):
                let marked = mark == .none || !point.showsMarks ? "" : ", mark \(mark)"
                add(TraceStep(what: "packet", key: point.place, value: text + marked), node: node)
            }
        }
        return sections
    }
}

extension ObservationPoint {
    /// Whether a packet has its mark here: marks stay within a node and do not enter a pod.
    public var showsMarks: Bool { self == .hostInterface || self == .decrypted }

    /// Where that is, for people.
    public var place: String {
        switch self {
        case .pod: "leaves the pod"
        case .hostInterface: "pod's interface, node's end"
        case .wire: "on the wire"
        case .decrypted: "uplink, decrypted"
        case .arrival: "at the pod"
        }
    }
}

/// A packet's headers in a line.
enum PacketText {
    /// - Parameter packet: From the IP header on.
    static func of(_ packet: RawSpan, byteCount: Int) -> String {
        let size = "\(byteCount) bytes"
        guard packet.byteCount > 0 else { return size }
        let isIPv6 = packet.byte(at: 0) >> 4 == 6
        guard
            let outline = try? PacketOutline(parsing: packet, isIPv6: isIPv6, originalByteCount: byteCount)
        else { return size }
        let family: AddressFamily = isIPv6 ? .v6 : .v4
        let (source, destination) = (outline.source.address(family), outline.destination.address(family))
        let ports = outline.sourcePort != 0 || outline.destinationPort != 0
        let from = ports ? "\(SocketAddress(source, port: outline.sourcePort))" : "\(source)"
        let to = ports ? "\(SocketAddress(destination, port: outline.destinationPort))" : "\(destination)"
        return "\(outline.protocolNumber.name) \(from) → \(to), \(size)"
    }
}

extension IPProtocol {
    /// `TCP`, or the number for what has no short name here.
    public var name: String {
        switch self {
        case .tcp: "TCP"
        case .udp: "UDP"
        case .esp: "ESP"
        case .icmpv6: "ICMPv6"
        case IPProtocol(rawValue: 1): "ICMP"
        default: "protocol \(rawValue)"
        }
    }
}
