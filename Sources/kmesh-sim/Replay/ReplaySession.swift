import Captures
import CommandLineTool
import Inputs
import Model
import Sim
import SimOutput

/// One replay from the first packet to the last.
struct ReplaySession {
    /// Packets of a file that are looked at, to tell where it was taken.
    private static let packetLimit = 4 * VantageGuesser.packetLimit
    /// Bytes that are kept of captures that cannot be read twice, for the same.
    private static let heldByteLimit = 1 << 24
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
    private var guesses: [VantageGuess?] = []
    private var vantages: [Vantage] = []

    init(_ setup: ReplaySetup, _ invocation: Invocation, packet: UInt64?, listsFlows: Bool) throws {
        self.setup = setup
        self.invocation = invocation
        self.packet = packet
        self.listsFlows = listsFlows
        engine = ReplayEngine(world: setup.world, network: setup.network, vantages: [])
    }

    /// A packet that was read ahead.
    private struct Held {
        var record: PacketRecord
        var bytes: [UInt8]
    }

    /// Replays all packets, or up to the one that was asked for.
    /// - Returns: nil for one packet: `trace` has it.
    mutating func run(_ packets: inout NetworkPackets, on console: inout Console) throws -> ReplayReport? {
        let held = try hold(&packets)
        engine = ReplayEngine(world: setup.world, network: setup.network, vantages: vantages)
        if let path = invocation.value("esp-sa") {
            try Output.writeFile(path, WiresharkKeys.table(of: setup.network.uniqueStates), isSecret: true)
        }
        let needsPackets = packet != nil || invocation.value("pcap-out") != nil || invocation.value("wire-out") != nil
        if listsFlows { try console.write(FlowLines.header) }
        guard needsPackets else {
            var watcher = FlowWatcher(listsFlows: listsFlows)
            try replay(held, &packets, &watcher, on: &console)
            let report = engine.finish(observer: &watcher)
            try console.write(watcher.takeLines())
            return report
        }
        let outputs = try ReplayOutputs(
            pcapng: invocation.value("pcap-out"), wire: invocation.value("wire-out"), network: setup.network,
            captures: zip(invocation.positionals, vantages).map { (Self.name(of: $0), $1) },
            names: setup.world.mesh.namesOfAddresses)
        var watcher = PacketWatcher(listsFlows: listsFlows, outputs: packet == nil ? outputs : nil, tracing: packet)
        try replay(held, &packets, &watcher, on: &console)
        trace = watcher.trace
        guard packet == nil else { return nil }
        let report = engine.finish(observer: &watcher)
        try console.write(watcher.takeLines())
        try outputs.finish()
        return report
    }

    // MARK: Where captures were taken

    /// Takes the places from the command line, or reads ahead and guesses them.
    private mutating func hold(_ packets: inout NetworkPackets) throws -> [Held] {
        let places = invocation.values("at")
        let count = invocation.positionals.count
        guard places.isEmpty else {
            let given = try places.map { try Vantage(parsing: $0, in: setup.world.mesh) }
            vantages = given.count == count ? given : Array(repeating: given[0], count: count)
            guesses = Array(repeating: nil, count: count)
            return []
        }
        var guessers = Array(repeating: VantageGuesser(setup.world.mesh), count: count)
        let paths = invocation.positionals
        for (index, path) in paths.enumerated() where CaptureReader.canBeReadTwice(path) {
            try look(at: path, with: &guessers[index])
        }
        // What cannot be read twice is read ahead, with whatever comes between.
        let unread = paths.indices.filter { !CaptureReader.canBeReadTwice(paths[$0]) }
        var held: [Held] = []
        var heldByteCount = 0
        while heldByteCount < Self.heldByteLimit, unread.contains(where: { !guessers[$0].isFull }),
            let next = try packets.next()
        {
            let record = record(of: next)
            let bytes = packets.withBytes(of: next) { bytes in
                if unread.contains(next.capture) { guessers[next.capture].see(bytes, record) }
                return (0..<bytes.byteCount).map { bytes.byte(at: $0) }
            }
            heldByteCount += bytes.count + MemoryLayout<Held>.stride
            held.append(Held(record: record, bytes: bytes))
        }
        guesses = guessers.map(\.guess)
        vantages = guesses.map { $0?.vantage ?? .wire }
        return held
    }

    /// Shows the first packets of a file to a guesser.
    private func look(at path: String, with guesser: inout VantageGuesser) throws {
        var packets = try invocation.packets(of: [path])
        for _ in 0..<Self.packetLimit {
            guard !guesser.isFull, let next = try packets.next() else { return }
            let record = PacketRecord(
                number: next.record.number, timestamp: next.record.timestamp, etherType: next.layer.etherType,
                originalByteCount: next.originalByteCount)
            packets.withBytes(of: next) { guesser.see($0, record) }
        }
    }

    private mutating func record(of packet: NetworkPackets.Packet) -> PacketRecord {
        packetCount += 1
        return PacketRecord(
            number: packetCount, timestamp: packet.record.timestamp, etherType: packet.layer.etherType,
            originalByteCount: packet.originalByteCount, vantage: packet.capture)
    }

    // MARK: Packets

    private mutating func replay<Watcher: ReplayWatcher>(
        _ held: [Held], _ packets: inout NetworkPackets, _ watcher: inout Watcher, on console: inout Console
    ) throws {
        for packet in held {
            // Bytes have no padding that could be uninitialized.
            let bytes = unsafe packet.bytes.span.bytes
            watcher.begin(bytes, packet.record)
            engine.process(bytes, packet.record, observer: &watcher)
            if packet.record.number == self.packet { return }
        }
        var line = console.progressLine("Replaying")
        while let next = try packets.next() {
            let record = record(of: next)
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
    func vantage(of record: PacketRecord) -> Vantage { vantages[record.vantage] }

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
                    path: name, vantage: vantages[index], guess: guess(index), packets: counts.read,
                    filtered: counts.filtered, unsupported: counts.unsupported,
                    notes: faults + packets.notes(of: index) + doubts(of: index, counts)))
        }
        return ReplaySources(
            captures: captures, preset: preset, seed: seed, countedBy: engine.network, notes: setup.notes)
    }

    /// What to ask oneself where no address says anything.
    private func doubts(of index: Int, _ counts: NetworkPackets.Counts) -> [String] {
        guard invocation.values("at").isEmpty, guesses[index] == nil, counts.read > counts.filtered + counts.unsupported
        else { return [] }
        return ["no packet has an address of a pod or node; does the mesh fit, and are its nodes known (--nodes)?"]
    }

    private static func name(of path: String) -> String { path == "-" ? "standard input" : path }

    private func guess(_ index: Int) -> String? {
        guard invocation.values("at").isEmpty else { return nil }
        return guesses[index]?.reason ?? "no packet tells"
    }
}
