import Model

/// Replays captured packets through a world and its network, one after another: tells the flow of each, runs the hooks
/// that its vantage leaves before it, and keeps count of what becomes of it.
///
/// A packet that does what the last one of its flow and direction did, in clear, is counted without going the way again.
/// The same packets in the same order give the same report.
public struct ReplayEngine {
    public internal(set) var world: World
    public internal(set) var network: Network
    /// Where captured ESP packets go when pods were captured as well: their numbers are not those that the pods' packets
    /// get in `network`, and must not meet them in a replay window.
    var captureNetwork: Network?
    public let vantages: [Vantage]
    public let options: ReplayOptions

    let places: ReplayPlaces
    let sides: [VantageSide?]
    /// Whether a pod's own capture is part of the replay, by its index.
    let isCaptured: [Bool]
    let transitCount: Int
    /// Nodes, by their index in the network, whose uplink was captured.
    let isUplinkCaptured: [Bool]
    /// Index in `Network.pods` by index in `ReplayPlaces.pods`, and the reverse; -1 for none.
    let networkPods: [Int]
    let placedPods: [Int]
    /// Whether any node's programs look at what arrives, and xdp_ingress by the pod's index there.
    let judgedPods: [Bool]
    let hooks: [String: XDPIngress]

    var flows = FlowTable()
    var details = FlowDetailsTable()
    var facts: [FlowFacts] = [FlowFacts()]
    var factNumbers: [FlowFacts: UInt32] = [FlowFacts(): 0]
    var books: ReplayBooks
    var connections: ConnectionRows
    var inFlows = Traffic()
    var mostLiveFlows = 0
    var firstTimestamp: UInt64?
    var lastTimestamp: UInt64 = 0
    /// What of the capture's time the world knows.
    var worldTimestamp: UInt64 = 0
    let timeouts: FlowTimeouts
    /// The shortest of the timeouts, in ticks.
    let shortestIdle: UInt32

    var fragments = FragmentMemory()
    var recent = RecentPackets()
    var decrypted = RecentPackets()
    /// Whether any packet was decrypted by a node whose uplink was captured: then one in clear may be the same again.
    var hasDecrypted = false
    var editor = PacketEditor()
    var segment = PacketEditor()
    var frame: [UInt8] = []
    var cutPackets: UInt64 = 0
    /// The first packet that was cut into segments.
    var firstSegmented: UInt64?
    /// What every interface carries.
    let smallestMTU: Int
    var midCaptureFlows: UInt64 = 0

    /// - Parameters:
    ///   - world: Its nodes have maps, or get them when they are needed, and the pods to be managed are.
    ///   - network: Of the same mesh (`Network(_:options:seed:)`), with the rules of encryption.
    ///   - vantages: Of the captures, in the order of `PacketRecord.vantage`.
    public init(world: World, network: Network, vantages: [Vantage], options: ReplayOptions = ReplayOptions()) {
        self.world = world
        self.network = network
        self.vantages = vantages
        self.options = options
        let places = ReplayPlaces(world.mesh)
        self.places = places
        sides = vantages.map { VantageSide($0, places, world.mesh, network) }
        var isCaptured = [Bool](repeating: false, count: places.pods.count)
        var isUplinkCaptured = [Bool](repeating: false, count: network.nodes.count)
        var transitCount = 0
        for side in sides {
            switch side {
            case .pod(let index, _): isCaptured[index] = true
            case .transit(let node):
                transitCount += 1
                if let node { isUplinkCaptured[node] = true }
            case nil: break
            }
        }
        self.isCaptured = isCaptured
        self.isUplinkCaptured = isUplinkCaptured
        self.transitCount = transitCount
        captureNetwork = transitCount > 0 && isCaptured.contains(true) ? network : nil
        var networkPods = [Int](repeating: -1, count: places.pods.count)
        placedPods = network.pods.map { places.pod(WorkloadUID($0.name)) ?? -1 }
        for (index, placed) in placedPods.enumerated() where placed >= 0 { networkPods[placed] = index }
        self.networkPods = networkPods
        judgedPods = world.judged(places.pods.map(\.uid))
        let nodeNames = world.nodeNames + world.awaitedNodes
        hooks = Dictionary(uniqueKeysWithValues: nodeNames.map { ($0, world.xdpIngress(of: $0)) })
        books = ReplayBooks(leakLimit: options.leakLimit)
        connections = ConnectionRows(limit: options.connectionLimit)
        smallestMTU = network.nodes.map { min($0.podMTU, $0.uplinkMTU) }.min() ?? 0
        timeouts = options.timeouts
        shortestIdle = UInt32(clamping: options.timeouts.shortest >> FlowEntry.tickBits)
    }

    // MARK: Packets

    /// Processes the next packet.
    /// - Parameter bytes: From the network layer on; the capture may hold less than all of it.
    public mutating func process(_ bytes: RawSpan, _ record: PacketRecord) {
        var observer = NoObserver()
        process(bytes, record, observer: &observer)
    }

    /// Processes the next packet, and tells an observer of it.
    public mutating func process<Observer: ReplayObserver>(
        _ bytes: RawSpan, _ record: PacketRecord, observer: inout Observer
    ) {
        if record.timestamp > lastTimestamp { lastTimestamp = record.timestamp }
        guard let family = record.etherType.addressFamily else { return processNotIP(record, &observer) }
        let outline: PacketOutline
        do throws(PacketOutline.Fault) {
            outline = try PacketOutline(
                parsing: bytes, isIPv6: family == .v6, originalByteCount: record.originalByteCount)
        } catch {
            return processUnreadable(error, record, &observer)
        }
        if bytes.byteCount < outline.byteCount { cutPackets &+= 1 }
        let key = FlowKey(outline)
        let hash = key.hash
        let place = outline.fragment == nil ? flows.find(key, hash: hash) : nil
        if let place, !hasDecrypted, !observer.wantsSteps(of: record),
            outline.family == .v6 || InternetChecksum.isRight(ofPlainIPv4: bytes),
            let disposition = flows[place.number].repeats(
                place, outline, record, shortestIdle: shortestIdle)
        {
            books.count(disposition, byteCount: outline.byteCount, packet: record.number)
            observer.resolved(resolution(of: place, disposition, record))
            return
        }
        processSlowly(bytes, PacketContext(record: record, outline: outline, key: key), place, &observer)
    }

    private func resolution(of place: FlowTable.Place, _ disposition: Int, _ record: PacketRecord) -> PacketResolution {
        PacketResolution(
            record: record, disposition: books.dispositions[disposition], leak: nil, isEncrypted: false,
            judgement: nil)
    }

    // MARK: The end

    /// Ends the flows that are still followed, and says what the replay comes to.
    public mutating func finish(observer: inout some ReplayObserver) -> ReplayReport {
        for number in 0..<flows.extent where flows.isLive(number) {
            endFlow(number, .captureEnded, &observer)
        }
        var report = ReplayReport()
        report.dispositions = books.dispositionRows
        report.total = report.dispositions.reduce(into: Traffic()) { $0 += $1.traffic }
        report.inFlows = inFlows
        report.leaks = books.leaks { places.party(SocketAddress($0, port: 0)).name ?? $0.description }
        report.otherLeaks = books.otherLeaks
        report.connections = connections.rows
        report.others = connections.others
        report.flowCount = connections.flowCount
        report.mostLiveFlows = mostLiveFlows
        report.durationNanoseconds = lastTimestamp &- (firstTimestamp ?? lastTimestamp)
        report.notes = notes
        return report
    }

    /// Ends the flows that are still followed, and says what the replay comes to.
    public mutating func finish() -> ReplayReport {
        var observer = NoObserver()
        return finish(observer: &observer)
    }

    private var notes: [String] {
        var notes: [String] = []
        for (vantage, side) in zip(vantages, sides) where side == nil {
            notes.append("\(vantage): the mesh has no such pod; all packets of its capture are undetermined")
        }
        if midCaptureFlows > 0 {
            notes.append(
                "\(counted(midCaptureFlows, "flow")) began before the capture: looked up, and nothing drawn for it")
        }
        if cutPackets > 0 {
            notes.append(
                "\(counted(cutPackets, "packet")) cut by the capture: of what is then encrypted, only the size is known"
            )
        }
        if let firstSegmented {
            notes.append(
                "packets are larger than the interface's MTU, as segmentation offload shows them; they were cut into "
                    + "segments (packet \(firstSegmented) is the first)")
        }
        if connections.others.flows > 0 {
            notes.append(
                "\(counted(connections.others.flows, "flow")) counted as \"others\": there are more than "
                    + "\(connections.limit) rows")
        }
        return notes
    }

    private func counted(_ count: UInt64, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}

/// A packet and what is known of it.
struct PacketContext {
    var record: PacketRecord
    var outline: PacketOutline
    /// With the ports of its first fragment, where it is a later one.
    var key: FlowKey

    var source: IPAddress { outline.source.address(outline.family) }
    var destination: IPAddress { outline.destination.address(outline.family) }
    var isTCP: Bool { outline.protocolNumber == .tcp }
}

extension FlowTimeouts {
    var shortest: UInt64 {
        min(opening, established, closing, closed, reset, datagram, datagramStream, other)
    }
}
