import Model
import Scenario

/// What became of one packet of a flow, as far as expectations and summaries ask.
struct PacketOutcome: Hashable {
    var isReply: Bool
    var wire: WireForm
    /// Of the state that encrypted it.
    var spi: SPI?
    /// The node at the other end of that state.
    var peer: String?
    /// nil where it arrived.
    var stop: Stop?
    /// The ICMP error of a node about it.
    var error: ExpectedNodeError
    /// Packets that had to be encrypted and crossed the wire in clear: the packet itself, or an error that quotes it.
    var leakCount: Int

    /// Why a packet did not arrive.
    struct Stop: Hashable {
        /// As expectations name it.
        var name: String
        /// For people.
        var phrase: String
        /// The node where that happened; nil between nodes.
        var node: String?
    }

    /// One phrase for people.
    var phrase: String {
        var text = isReply ? "reply " : ""
        switch wire {
        case .encrypted:
            text += "encrypted"
            if let spi { text += " by SPI \(spi.rawValue)" }
            if let peer { text += " to \(peer)" }
        case .clear: text += "in clear"
        case .none: text += stop == nil ? "within the node" : "not on the wire"
        }
        if let stop {
            let place = stop.node.map { " at \($0)" } ?? ""
            text += ", stopped\(place): \(stop.name) (\(stop.phrase))"
        } else {
            text += ", delivered"
        }
        switch error {
        case .none: break
        case .clear: text += "; the node's error leaves in clear"
        case .encrypted: text += "; the node's error leaves encrypted"
        case .withheld: text += "; the node's error does not leave it"
        case .local: text += "; the node's error goes to its own pod"
        }
        return leakCount > 0 ? text + "; a leak" : text
    }
}

extension PacketOutcome {
    /// - Parameters:
    ///   - trace: Of the packet's journey, taken right after it: it names states by their places.
    ///   - mustBeEncrypted: Whether it goes between pods of two nodes that encrypt.
    init(_ journey: Journey, _ trace: JourneyTrace, in network: Network, isReply: Bool, mustBeEncrypted: Bool) {
        self.isReply = isReply
        wire = journey.wire
        stop = Stop(journey.end, in: network)
        error = Self.error(of: journey)
        leakCount = (mustBeEncrypted && journey.wire == .clear ? 1 : 0) + (journey.errorEnd?.isLeak == true ? 1 : 0)
        for case .step(let node, .encrypted(let index, _)) in trace.entries.prefix(while: { !$0.isError }) {
            let state = network.nodes[node].xfrm.states[index].state
            spi = state.spi
            peer = network.node(for: state.destination).map { network.nodes[$0].name }
        }
    }

    private static func error(of journey: Journey) -> ExpectedNodeError {
        guard let end = journey.errorEnd else { return .none }
        switch (end.wire, end.end) {
        case (.encrypted, _): return .encrypted
        case (.clear, _), (.none, .outside): return .clear
        case (.none, .dropped): return .withheld
        case (.none, _): return .local
        }
    }
}

extension JourneyTrace.Entry {
    /// Whether a node's error begins here, whose own steps follow.
    fileprivate var isError: Bool {
        if case .step(_, .error) = self { return true }
        return false
    }
}

extension PacketOutcome.Stop {
    /// - Returns: nil for a packet that reached a pod or a node.
    fileprivate init?(_ end: JourneyEnd, in network: Network) {
        func name(_ node: Int) -> String? { network.nodes.indices.contains(node) ? network.nodes[node].name : nil }
        switch end {
        case .pod, .node: return nil
        case .outside: self.init(name: "outside", phrase: "it left the mesh", node: nil)
        case .nobody(let node): self.init(name: "nobody", phrase: "no pod has the address", node: name(node))
        case .waiting(let node): self.init(name: "waiting", phrase: "for the other fragments", node: name(node))
        case .unreadable(let node): self.init(name: "unreadable", phrase: "too little of it", node: name(node))
        case .dropped(let drop, let node):
            self.init(name: DispositionReason.network(drop).stopName, phrase: drop.phrase, node: name(node))
        }
    }
}

extension DispositionReason {
    /// As expectations name it: what is malformed is not told apart.
    fileprivate var stopName: String {
        if case .network(.malformed) = self { return "malformed" }
        return name
    }
}

/// Packets by what became of them.
struct PacketOutcomes {
    private(set) var groups: [(outcome: PacketOutcome, count: Int)] = []

    /// - Returns: Whether it is the first of its kind.
    mutating func add(_ outcome: PacketOutcome) -> Bool {
        guard let index = groups.firstIndex(where: { $0.outcome == outcome }) else {
            groups.append((outcome, 1))
            return true
        }
        groups[index].count += 1
        return false
    }

    /// How many packets there are of which something is true.
    func count(where isMeant: (PacketOutcome) -> Bool) -> Int {
        groups.reduce(0) { $0 + (isMeant($1.outcome) ? $1.count : 0) }
    }
}
