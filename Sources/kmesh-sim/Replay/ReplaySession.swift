import Captures
import CommandLineTool
import Inputs
import Model
import Sim
import SimOutput

/// One replay from the first packet to the last.
struct ReplaySession {
    /// Lines of flows are written when there are so many bytes of them.
    private static let lineByteCount = 1 << 16
    /// Progress is looked at once in so many packets.
    private static let progressInterval: UInt64 = 1 << 14

    let setup: ReplaySetup
    private(set) var engine: ReplayEngine
    private(set) var packetCount: UInt64 = 0
    /// Of the packet that was asked for.
    private(set) var trace: PacketTrace?
    private let invocation: Invocation
    private let packet: UInt64?
    private let listsFlows: Bool
    private let places: CapturePlaces

    init(
        _ setup: ReplaySetup, _ places: CapturePlaces, _ invocation: Invocation, packet: UInt64?, listsFlows: Bool
    ) {
        self.setup = setup
        self.places = places
        self.invocation = invocation
        self.packet = packet
        self.listsFlows = listsFlows
        engine = ReplayEngine(world: setup.world, network: setup.network, vantages: places.vantages)
    }

    /// Replays all packets, or up to the one that was asked for.
    /// - Returns: nil for one packet: `trace` has it.
    mutating func run(_ packets: inout NetworkPackets, on console: inout Console) throws -> ReplayReport? {
        if let path = invocation.value("esp-sa") {
            try Output.writeFile(path, WiresharkKeys.table(of: setup.network.uniqueStates), isSecret: true)
        }
        let needsPackets = packet != nil || invocation.value("pcap-out") != nil || invocation.value("wire-out") != nil
        if listsFlows { try console.write(FlowLines.header) }
        guard needsPackets else {
            var watcher = FlowWatcher(listsFlows: listsFlows)
            try replay(&packets, &watcher, on: &console)
            let report = engine.finish(observer: &watcher)
            try console.write(watcher.takeLines())
            return report
        }
        let outputs = try ReplayOutputs(
            pcapng: invocation.value("pcap-out"), wire: invocation.value("wire-out"), network: setup.network,
            captures: zip(invocation.positionals, places.vantages).map { (Self.name(of: $0), $1) },
            names: setup.world.mesh.namesOfAddresses)
        var watcher = PacketWatcher(listsFlows: listsFlows, outputs: packet == nil ? outputs : nil, tracing: packet)
        try replay(&packets, &watcher, on: &console)
        trace = watcher.trace
        guard packet == nil else { return nil }
        let report = engine.finish(observer: &watcher)
        try console.write(watcher.takeLines())
        try outputs.finish()
        return report
    }

    // MARK: Packets

    private mutating func replay<Watcher: ReplayWatcher>(
        _ packets: inout NetworkPackets, _ watcher: inout Watcher, on console: inout Console
    ) throws {
        for held in places.held {
            packetCount += 1
            let record = PacketRecord(held.packet, number: packetCount)
            // Bytes have no padding that could be uninitialized.
            let bytes = unsafe held.bytes.span.bytes
            watcher.begin(bytes, record)
            engine.process(bytes, record, observer: &watcher)
            if packetCount == packet { return }
        }
        var line = console.progressLine("Replaying")
        while let next = try packets.next() {
            packetCount += 1
            let record = PacketRecord(next, number: packetCount)
            packets.withBytes(of: next) { bytes in
                watcher.begin(bytes, record)
                engine.process(bytes, record, observer: &watcher)
            }
            if record.number == packet { return }
            guard packetCount % Self.progressInterval == 0 else { continue }
            if let (done, all) = packets.progress {
                console.update(&line, done: Int(clamping: done), of: Int(clamping: all))
            }
            if watcher.lineByteCount >= Self.lineByteCount { try console.write(watcher.takeLines()) }
        }
        console.remove(&line)
    }

    /// Where a packet was captured.
    func vantage(of record: PacketRecord) -> Vantage { places.vantages[record.vantage] }

    // MARK: The report's head

    /// What was replayed.
    func sources(_ packets: borrowing NetworkPackets, preset: Preset, seed: UInt64) -> ReplaySources {
        var captures: [ReplaySources.Capture] = []
        for (index, path) in invocation.positionals.enumerated() {
            let counts = packets.counts[index]
            let name = Self.name(of: path)
            let faults = packets.faults.filter { $0.file == name }.map { fault in
                (fault.offset.map { "at byte \($0): " } ?? "") + fault.message + "; what came before was replayed"
            }
            captures.append(
                ReplaySources.Capture(
                    path: name, vantage: places.vantages[index], guess: places.reasons[index], packets: counts.read,
                    filtered: counts.filtered, unsupported: counts.unsupported,
                    notes: faults + packets.notes(of: index) + doubts(of: index, counts)))
        }
        let notes = setup.notes + engine.world.problems.map(\.description)
        return ReplaySources(captures: captures, preset: preset, seed: seed, countedBy: engine.network, notes: notes)
    }

    /// What to ask oneself where no address says anything.
    private func doubts(of index: Int, _ counts: NetworkPackets.Counts) -> [String] {
        guard places.untold.contains(index), counts.read > counts.filtered + counts.unsupported
        else { return [] }
        return ["no packet has an address of a pod or node; does the mesh fit, and are its nodes known (--nodes)?"]
    }

    private static func name(of path: String) -> String { path == "-" ? "standard input" : path }
}
