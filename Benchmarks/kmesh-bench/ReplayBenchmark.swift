import BenchmarkSupport
import Captures
import Glibc
import Model
import ReferenceReplay
import Sim

/// A capture read and replayed: own reader, flow lookup, connects; beside it a C loop that only finds and counts flows,
/// and tcpdump that only reads.
struct ReplayBenchmark {
    /// Nanoseconds a packet, by round; of what opens connections, a connection.
    struct Times {
        var opening: [Double] = []
        var established: [Double] = []
        var reference: [Double] = []
        var tcpdump: [Double] = []
    }

    private let capture: ReplayCapture
    private let engine: ReplayEngine

    init(_ capture: ReplayCapture) {
        self.capture = capture
        engine = Self.engine()
    }

    /// An engine at the pod of the capture.
    static func engine() -> ReplayEngine {
        let mesh = ReplayCapture.mesh.mesh
        let pod = ReplayCapture.pod.uid
        var world = World(mesh: mesh, settings: World.Settings(options: .hardened))
        world.addNode(SampleMesh.node)
        world.setManaged(pod, true)
        let network = Network(mesh, options: .hardened)
        return ReplayEngine(world: world, network: network, vantages: [.pod(pod)])
    }

    /// Measures in rounds that take turns, so that what disturbs one disturbs all.
    func run(rounds: Int) throws -> Times {
        var times = Times()
        for _ in 0..<rounds {
            let own = try replay()
            times.opening.append(own.opening)
            times.established.append(own.established)
            times.reference.append(try reference())
            guard let child = ChildProcess("/usr/bin/tcpdump", ["-r", capture.path, "-w", "/dev/null"]),
                child.isSuccess
            else { continue }
            let count = capture.handshakePacketCount + capture.dataPacketCount
            times.tcpdump.append(Double(child.cpuNanoseconds) / Double(count))
        }
        return times
    }

    private func replay() throws -> (opening: Double, established: Double) {
        var engine = engine
        var reader = try CaptureReader(path: capture.path)
        let link = try LinkLayer(reader.interfaces[0].linkType)
        let opening = try Clock.nanoseconds(per: capture.flowCount) {
            try Self.process(capture.handshakePacketCount, &reader, link, &engine)
        }
        let established = try Clock.nanoseconds(per: capture.dataPacketCount) {
            try Self.process(capture.dataPacketCount, &reader, link, &engine)
        }
        let report = engine.finish()
        let count = UInt64(capture.handshakePacketCount + capture.dataPacketCount)
        precondition(report.total.packets == count && report.traffic(.delivered).packets == count, "\(report)")
        precondition(report.flowCount == UInt64(capture.flowCount), "\(report.flowCount) flows")
        return (opening, established)
    }

    /// Reads and replays so many packets.
    static func process(
        _ count: Int, _ reader: inout CaptureReader, _ link: LinkLayer, _ engine: inout ReplayEngine
    ) throws {
        for _ in 0..<count {
            guard let record = try reader.next() else { throw BenchmarkError(message: "the capture is too short") }
            try reader.withBytes(of: record) { (frame) throws(PacketFault) in
                let layer = try link.networkLayer(of: frame)
                engine.process(
                    frame.extracting(droppingFirst: layer.offset),
                    PacketRecord(
                        number: record.number, timestamp: record.timestamp, etherType: layer.etherType,
                        originalByteCount: record.originalByteCount - layer.offset))
            }
        }
    }

    private func reference() throws -> Double {
        guard let peer = unsafe reference_replay_open(capture.path) else {
            throw BenchmarkError(message: "the C loop cannot read \(capture.path)")
        }
        // Opened above, and not used after it.
        defer { unsafe reference_replay_close(peer) }
        let opened = unsafe reference_replay_run(peer, UInt64(capture.handshakePacketCount))
        precondition(opened.flows == UInt64(capture.flowCount), "\(opened.flows) flows in C")
        return Clock.nanoseconds(per: capture.dataPacketCount) {
            let rest = unsafe reference_replay_run(peer, UInt64(capture.dataPacketCount))
            precondition(rest.packets == UInt64(capture.dataPacketCount), "\(rest.packets) packets in C")
        }
    }
}

/// Memory that a replay needs, measured in a process of its own.
struct ReplayMemory {
    /// The most that was anonymous (RssAnon), in bytes.
    var peakByteCount: Int
    /// What live flows took of it, each.
    var bytesPerFlow: Double

    /// Replays a capture, and looks at this process's memory now and then.
    static func measure(_ path: String, flowCount: Int) throws -> ReplayMemory {
        var engine = ReplayBenchmark.engine()
        var reader = try CaptureReader(path: path)
        let link = try LinkLayer(reader.interfaces[0].linkType)
        // What is allocated once shall not count as the flows'.
        let opening = ReplayCapture.openingPacketCount
        try ReplayBenchmark.process(opening, &reader, link, &engine)
        let before = ThisProcess.anonymousByteCount ?? 0
        try ReplayBenchmark.process((flowCount - 1) * opening, &reader, link, &engine)
        var peak = ThisProcess.anonymousByteCount ?? 0
        let perFlow = Double(peak - before) / Double(flowCount)
        while (try? ReplayBenchmark.process(100_000, &reader, link, &engine)) != nil {
            peak = max(peak, ThisProcess.anonymousByteCount ?? 0)
        }
        _ = engine.finish()
        return ReplayMemory(
            peakByteCount: max(peak, ThisProcess.anonymousByteCount ?? 0), bytesPerFlow: perFlow)
    }

    /// What `init(line:)` reads.
    var line: String { "\(peakByteCount) \(bytesPerFlow)" }

    /// Reads the line that another process printed.
    init?(line: String) {
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let peak = Int(parts[0]), let perFlow = Double(parts[1]) else { return nil }
        self.init(peakByteCount: peak, bytesPerFlow: perFlow)
    }

    private init(peakByteCount: Int, bytesPerFlow: Double) {
        self.peakByteCount = peakByteCount
        self.bytesPerFlow = bytesPerFlow
    }
}
