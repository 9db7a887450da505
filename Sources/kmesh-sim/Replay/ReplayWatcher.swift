import CommandLineTool
import Model
import Sim
import SimOutput

/// An observer that a session drives.
protocol ReplayWatcher: ReplayObserver {
    /// A packet is about to be processed; its bytes from the network layer on, as far as the capture has them.
    mutating func begin(_ packet: RawSpan, _ record: PacketRecord)
    /// Of the lines of flows that wait to be written.
    var lineByteCount: Int { get }
    /// Gives these lines away.
    mutating func takeLines() -> String
}

/// Lists flows as they end, where nobody wants steps or bytes: packets cost nothing.
struct FlowWatcher: ReplayWatcher {
    /// Lines that have not been written; nil where nobody wants any.
    private var lines: String?

    init(listsFlows: Bool) { lines = listsFlows ? "" : nil }

    static var wantsBytes: Bool { false }

    func wantsSteps(of record: PacketRecord) -> Bool { false }
    mutating func step(_ step: @autoclosure () -> ReplayStep) {}
    mutating func resolved(_ resolution: @autoclosure () -> PacketResolution) {}
    mutating func ended(_ flow: @autoclosure () -> FlowSummary) {
        if lines != nil { lines?.append(FlowLines.line(flow())) }
    }
    mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) {}
    mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {}

    func begin(_ packet: RawSpan, _ record: PacketRecord) {}
    var lineByteCount: Int { lines?.utf8.count ?? 0 }

    mutating func takeLines() -> String {
        defer { if lines != nil { lines = "" } }
        return lines ?? ""
    }
}

/// Follows packets step by step, for files and for the trace of one packet.
struct PacketWatcher: ReplayWatcher {
    private var flows: FlowWatcher
    private let outputs: ReplayOutputs?
    /// The packet to be traced.
    private let tracedNumber: UInt64?
    private(set) var trace: PacketTrace?

    init(listsFlows: Bool, outputs: ReplayOutputs?, tracing number: UInt64?) {
        flows = FlowWatcher(listsFlows: listsFlows)
        self.outputs = outputs
        tracedNumber = number
    }

    static var wantsBytes: Bool { true }

    mutating func begin(_ packet: RawSpan, _ record: PacketRecord) {
        trace = record.number == tracedNumber ? PacketTrace(packet, record) : nil
        outputs?.begin(packet, record)
    }

    func wantsSteps(of record: PacketRecord) -> Bool { outputs != nil || record.number == tracedNumber }

    mutating func step(_ step: @autoclosure () -> ReplayStep) { trace?.add(step()) }

    mutating func resolved(_ resolution: @autoclosure () -> PacketResolution) {
        guard outputs != nil || trace != nil else { return }
        let resolution = resolution()
        outputs?.resolve(resolution)
        trace?.end(resolution)
    }

    mutating func ended(_ flow: @autoclosure () -> FlowSummary) { flows.ended(flow()) }

    mutating func record(node: Int, _ step: @autoclosure () -> JourneyStep) { trace?.add(node: node, step()) }

    mutating func observe(
        _ point: ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        trace?.add(point, node: node, mark: mark, packet, byteCount: byteCount)
        outputs?.observe(point, node: node, mark: mark, packet, byteCount: byteCount)
    }

    var lineByteCount: Int { flows.lineByteCount }
    mutating func takeLines() -> String { flows.takeLines() }
}
