public import Model

/// Tells from the first packets of a capture where it was taken.
///
/// A capture in a pod has the pod's address in every packet; what the pod sends has the time to live that hosts begin
/// with, what comes from other nodes has less. At the uplink of a node every packet has an end there, and the other end
/// elsewhere.
public struct VantageGuesser: Sendable {
    /// Packets that are looked at.
    public static let packetLimit = 1_000

    private let places: ReplayPlaces
    private let prefixes: [(prefix: Prefix, node: String)]
    private var packetCount = 0
    private var espCount = 0
    /// By the pod's index: packets with its address, and those it sends with an untouched time to live.
    private var podCounts: [Int: (all: Int, sent: Int, untouched: Int)] = [:]
    private var nodeCounts: [String: Int] = [:]
    /// Packets with both ends on one node, which no uplink shows.
    private var localCount = 0

    public init(_ mesh: Mesh) {
        places = ReplayPlaces(mesh)
        prefixes = mesh.sortedNodes.flatMap { node in node.podPrefixes.map { ($0, node.name) } }
    }

    /// Whether more packets would change nothing.
    public var isFull: Bool { packetCount >= Self.packetLimit }

    /// Looks at a packet, from the network layer on. What is not IP tells nothing.
    public mutating func see(_ bytes: RawSpan, _ record: PacketRecord) {
        guard !isFull, record.etherType == .ipv4 || record.etherType == .ipv6 else { return }
        let outline: PacketOutline
        do throws(PacketOutline.Fault) {
            outline = try PacketOutline(
                parsing: bytes, isIPv6: record.etherType == .ipv6, originalByteCount: record.originalByteCount)
        } catch {
            return
        }
        let source = outline.source.address(outline.family)
        let destination = outline.destination.address(outline.family)
        guard !source.isUnspecified, !destination.isForManyOrLink, !source.isForManyOrLink else { return }
        packetCount += 1
        if outline.protocolNumber == .esp { espCount += 1 }
        if let pod = places.pod(at: source) {
            let isUntouched = [64, 128, 255].contains(outline.hopLimit)
            let known = podCounts[pod] ?? (0, 0, 0)
            podCounts[pod] = (known.all + 1, known.sent + 1, known.untouched + (isUntouched ? 1 : 0))
        }
        if let pod = places.pod(at: destination), destination != source {
            let known = podCounts[pod] ?? (0, 0, 0)
            podCounts[pod] = (known.all + 1, known.sent, known.untouched)
        }
        let (from, to) = (node(of: source), node(of: destination))
        if let from { nodeCounts[from, default: 0] += 1 }
        if let to, to != from { nodeCounts[to, default: 0] += 1 }
        if from != nil, from == to { localCount += 1 }
    }

    private func node(of address: IPAddress) -> String? {
        places.node(of: address) ?? prefixes.first { $0.prefix.contains(address) }?.node
    }

    /// Where the capture was taken; nil where nothing was seen that tells.
    public var guess: VantageGuess? {
        guard packetCount > 0 else { return nil }
        if espCount == 0, let pod = pod { return pod }
        // What is rare is noise: broadcasts of neighbours, a ping.
        let all = packetCount - packetCount / 100
        let nodes = nodeCounts.filter { $0.value >= all }.keys.sorted()
        if nodes.count == 1, localCount == 0 {
            return VantageGuess(
                .node(nodes[0]), "every packet has one end on node \(nodes[0]), and the other elsewhere")
        }
        guard espCount > 0 || !nodeCounts.isEmpty else { return nil }
        let both = nodes.count > 1 ? "every packet is between nodes \(nodes.joined(separator: " and "))" : nil
        return VantageGuess(.wire, both ?? "no pod and no node has an end of every packet")
    }

    private var pod: VantageGuess? {
        let all = packetCount - packetCount / 100
        let candidates = podCounts.filter { $0.value.all >= all }.sorted { $0.key < $1.key }
        func guess(_ index: Int, _ reason: String) -> VantageGuess {
            VantageGuess(.pod(places.pods[index].uid), "\(reason) \(places.pods[index].name)")
        }
        if candidates.count == 1 {
            return guess(candidates[0].key, "every packet comes from or goes to pod")
        }
        let own = candidates.filter { $0.value.sent > 0 && $0.value.untouched == $0.value.sent }
        guard own.count == 1, candidates.count > 1 else { return nil }
        return guess(own[0].key, "no router has touched the time to live of what is sent by pod")
    }
}

extension IPAddress {
    /// Multicast, broadcast and link-local addresses.
    fileprivate var isForManyOrLink: Bool {
        switch self {
        case .v4(let bits): bits >> 28 == 0xe || bits == .max || bits >> 16 == 0xa9fe
        case .v6(let high, _): high >> 56 == 0xff || high >> 54 == 0x3fa
        }
    }
}
