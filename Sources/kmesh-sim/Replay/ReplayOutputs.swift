import Captures
import CommandLineTool
import Model
import Sim
import SimOutput

/// The files that a replay writes: every place where packets were seen as pcapng, the wire alone as pcap.
///
/// A class because an observer is a value, and files have identity. A packet's appearances are kept until it is known
/// what became of it, which their comments tell.
final class ReplayOutputs {
    /// One appearance of the packet that is under way.
    private struct Appearance {
        /// nil for the capture itself.
        var point: Sim.ObservationPoint?
        var node: Int
        var mark: PacketMark
        var bytes: [UInt8]
        var byteCount: Int
    }

    private var full: PCAPNGWriter?
    private var wire: PCAPWriter?
    private let nodeNames: [String]
    private let captures: [(path: String, vantage: Vantage)]
    /// Numbers of interfaces of the pcapng file, by place and node, or by the capture's index.
    private var interfaces: [(point: Sim.ObservationPoint?, node: Int, number: Int)] = []
    private var appearances: [Appearance] = []
    private var appearanceCount = 0
    /// The first failed write; nothing is written after it.
    private var failure: CaptureWriteError?

    /// Creates the files; nil for one that is not wanted.
    init(
        pcapng path: String?, wire wirePath: String?, network: Network, captures: [(path: String, vantage: Vantage)],
        names: [(address: IPAddress, name: String)]
    ) throws(CaptureWriteError) {
        nodeNames = network.nodes.map(\.name)
        self.captures = captures
        if let path {
            let states = network.uniqueStates
            var writer = try PCAPNGWriter(path: path, application: "kmesh-sim replay", states: states)
            if !names.isEmpty { try writer.write(names: names) }
            full = consume writer
        } else {
            full = nil
        }
        wire = try wirePath.map { (path) throws(CaptureWriteError) in try PCAPWriter(path: path, linkType: .raw) }
    }

    /// Takes a packet as it was captured.
    func begin(_ packet: RawSpan, _ record: PacketRecord) {
        // The interfaces have no link layer: what is not IP cannot be told there.
        guard full != nil, record.etherType == .ipv4 || record.etherType == .ipv6 else { return }
        add(nil, node: record.vantage, mark: .none, packet, byteCount: record.originalByteCount)
    }

    /// Takes a packet as it is seen on its way.
    func observe(_ point: Sim.ObservationPoint, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int) {
        add(point, node: node, mark: point.showsMarks ? mark : .none, packet, byteCount: byteCount)
    }

    private func add(
        _ point: Sim.ObservationPoint?, node: Int, mark: PacketMark, _ packet: RawSpan, byteCount: Int
    ) {
        if appearanceCount == appearances.count {
            appearances.append(Appearance(point: point, node: node, mark: mark, bytes: [], byteCount: byteCount))
        }
        appearances[appearanceCount].point = point
        appearances[appearanceCount].node = node
        appearances[appearanceCount].mark = mark
        appearances[appearanceCount].byteCount = byteCount
        // The buffer of an earlier packet is used again.
        appearances[appearanceCount].bytes.removeAll(keepingCapacity: true)
        // In bounds: the buffer is appended to before the span ends.
        unsafe packet.withUnsafeBytes { unsafe appearances[appearanceCount].bytes.append(contentsOf: $0) }
        appearanceCount += 1
    }

    /// Writes the appearances of a packet that has come to its end.
    func resolve(_ resolution: PacketResolution) {
        defer { appearanceCount = 0 }
        guard failure == nil else { return }
        do throws(CaptureWriteError) {
            for appearance in appearances.prefix(appearanceCount) { try write(appearance, resolution) }
        } catch {
            failure = error
        }
    }

    private func write(_ appearance: Appearance, _ resolution: PacketResolution) throws(CaptureWriteError) {
        // Bytes have no padding that could be uninitialized.
        let bytes = unsafe appearance.bytes.span.bytes
        guard bytes.byteCount <= CaptureReader.recordByteLimit else { return }
        let timestamp = resolution.record.timestamp
        if appearance.point == .wire {
            try wire?.write(bytes, timestamp: timestamp, originalByteCount: appearance.byteCount)
        }
        guard full != nil else { return }
        let interface = try interface(appearance.point, appearance.node)
        try full?.write(
            bytes, at: interface, timestamp: timestamp, originalByteCount: appearance.byteCount,
            annotations(appearance, resolution))
    }

    private func interface(_ point: Sim.ObservationPoint?, _ node: Int) throws(CaptureWriteError) -> Int {
        // There is one wire, whatever node a packet goes to.
        let node = point == .wire ? -1 : node
        if let known = interfaces.first(where: { $0.point == point && $0.node == node }) { return known.number }
        let number = try full?.add(place(point, node)) ?? 0
        interfaces.append((point, node, number))
        return number
    }

    private func place(_ point: Sim.ObservationPoint?, _ node: Int) -> Captures.ObservationPoint {
        guard let point else {
            let (path, vantage) = captures[node]
            return Captures.ObservationPoint(
                name: "captured/\(vantage.text)", description: "\(path), as it was read", linkType: .raw)
        }
        let name = nodeNames.indices.contains(node) ? "\(nodeNames[node])/\(point.rawValue)" : point.rawValue
        return Captures.ObservationPoint(name: name, description: point.place, linkType: .raw)
    }

    private func annotations(_ appearance: Appearance, _ resolution: PacketResolution) -> PacketAnnotations {
        let disposition = resolution.disposition
        var comment = "\(disposition.kind.rawValue): \(disposition.reason.name)"
        if let judgement = resolution.judgement { comment += "; \(judgement)" }
        if let leak = resolution.leak { comment += "; \(leak.phrase)" }
        if appearance.mark != .none { comment += "; mark \(appearance.mark)" }
        return PacketAnnotations(
            comment: comment, packetID: resolution.record.number, verdict: verdict(appearance.point, disposition))
    }

    /// What the program at that place returned: tc lets everything pass that goes on, xdp_ingress judges at the pod.
    private func verdict(_ point: Sim.ObservationPoint?, _ disposition: Disposition) -> HookVerdict? {
        switch point {
        case .hostInterface: .trafficControl(.ok)
        case .decrypted: .trafficControl(disposition.reason == .network(.clearFromPeer) ? .shot : .ok)
        case .arrival: .xdp(disposition.isDroppedByXDP ? .drop : .pass)
        case .pod, .wire, nil: nil
        }
    }

    /// Writes what is still buffered.
    /// - Throws: the first failure there was.
    func finish() throws(CaptureWriteError) {
        if let failure { throw failure }
        try full?.finish()
        try wire?.finish()
    }
}

extension Disposition {
    fileprivate var isDroppedByXDP: Bool {
        guard case .hook(.xdpIngress, _) = reason else { return false }
        return kind == .dropped
    }
}

extension Network {
    /// The states of all nodes, each once, in the order of nodes.
    var uniqueStates: [XFRMState] {
        struct Wire: Hashable {
            var source: IPAddress
            var destination: IPAddress
            var spi: SPI
        }
        var known: Set<Wire> = []
        return nodes.flatMap(\.xfrm.states).map(\.state).filter {
            known.insert(Wire(source: $0.source, destination: $0.destination, spi: $0.spi)).inserted
        }
    }
}
