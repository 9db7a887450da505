import KernelABI
import KernelTestSupport
import Model
import Sim

@testable import Live

/// The kernel's programs, with frames that no interface received.
final class KernelInterfaces {
    private let pins: TestPinDirectory
    private let dataplane: Dataplane
    private let nodeInfo: KernelMap<NodeInfoKey, UInt32>
    private let preparedPod: PreparedFrames
    private let preparedUplink: PreparedFrames
    private let canSplit: Bool
    private var before: [Reason: UInt64] = [:]

    init(_ options: DataplaneOptions) throws {
        var settings = ProgramSettings(options: options)
        settings.options.capacities = MapCapacities(
            frontend: 64, service: 64, endpoint: 64, backend: 64, manage: 64, nodeInfo: 64)
        settings.authorizationCapacities = AuthorizationCapacities(
            identities: 1, destinations: 1, rows: 1, ranges: 1, ranges6: 1, rules: 1)
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(settings, pins: PinDirectory(pins.path))
        nodeInfo = KernelMap(name: "km_nodeinfo", capacity: 64, adopting: try dataplane.openMap("km_nodeinfo"))
        preparedPod = try Self.prepared(.tcPod, of: dataplane)
        let preparedUplink = try Self.prepared(.tcUplink, of: dataplane)
        let any = [UInt8](repeating: 0, count: Self.shortByteCount)
        canSplit = (try? preparedUplink.run(any, tag: nil, isSplit: true, .none)) != nil
        self.preparedUplink = preparedUplink
        self.dataplane = dataplane
        self.pins = pins
    }

    private static func prepared(_ program: HookProgram, of dataplane: borrowing Dataplane) throws -> PreparedFrames {
        var result: PreparedFrames?
        _ = try dataplane.object.withProgram(program) { (raw) throws(LoadError) in
            result = try PreparedFrames(before: raw)
        }
        guard let prepared = result.take() else { preconditionFailure("\(program.rawValue) is always loaded") }
        return prepared
    }

    /// Fills the maps anew.
    func set(_ entries: [(key: NodeInfoKey, value: UInt32)], peers: [(address: IPAddress, mark: PacketMark)]) throws {
        for prefix in try dataplane.encryption.prefixes() { try dataplane.encryption.leaveClear(prefix) }
        for address in try dataplane.encryption.peerMarks().keys { try dataplane.encryption.forget(address) }
        for entry in entries { try nodeInfo.update(entry.key, to: entry.value) }
        for peer in peers { try dataplane.encryption.mark(peer.address, as: peer.mark) }
        before = try counts()
    }

    /// - Parameters:
    ///   - tag: The EtherType of a VLAN tag that was taken out of the frame.
    ///   - isSplit: Whether the IP header is to be outside of the buffer's linear part, where the kernel can do that.
    func run(
        _ hook: Hook, _ frame: [UInt8], tag: EtherType? = nil, isSplit: Bool = false, _ mark: PacketMark
    ) throws -> InterfaceOutcome {
        let isSplit = isSplit && canSplit
        if tag != nil || isSplit || frame.count < Self.shortByteCount {
            let run =
                try hook == .tcPod
                ? preparedPod.run(frame, tag: tag, isSplit: isSplit, mark)
                : preparedUplink.run(frame, tag: tag, isSplit: isSplit, mark)
            return InterfaceOutcome(
                verdict: Self.verdict(run.code), mark: run.mark, isFrameChanged: run.frame != frame)
        }
        let trial = try dataplane.tryInterface(hook == .tcPod ? .pod : .uplink, frame, mark: mark)
        return InterfaceOutcome(
            verdict: Self.verdict(Int(trial.code)), mark: trial.mark, isFrameChanged: trial.bytes != frame)
    }

    /// An IPv6 header behind two tags ends here: what is shorter may be refused for a trial.
    private static let shortByteCount = 62

    private static func verdict(_ code: Int) -> String {
        let names = [-1: "TC_ACT_UNSPEC", 0: "TC_ACT_OK", 2: "TC_ACT_SHOT"]
        return names[code] ?? "\(code)"
    }

    /// How packets ended since the maps were set.
    func reasons() throws -> [Reason: UInt64] {
        let changes = try counts().map { ($0, $1 - before[$0, default: 0]) }
        return Dictionary(uniqueKeysWithValues: changes.filter { $1 > 0 })
    }

    private func counts() throws -> [Reason: UInt64] {
        var sums: [Reason: UInt64] = [:]
        for count in try dataplane.exitCounters.counts() where [.tcPod, .tcUplink].contains(count.hook) {
            sums[count.reason, default: 0] += count.count
        }
        return sums
    }
}

/// The simulator's programs.
struct SimulatedInterfaces {
    private let pod: TCPod
    private let uplink: TCUplink
    private let passes: String
    private var maps = InterfaceMapStore(capacity: 64)
    private(set) var reasons: [Reason: UInt64] = [:]

    init(_ options: DataplaneOptions) {
        pod = TCPod(options)
        uplink = TCUplink(options)
        passes = options.tcParser == .fixedPlaces ? "TC_ACT_OK" : "TC_ACT_UNSPEC"
    }

    /// Fills the maps anew.
    mutating func set(_ test: InterfaceCase) throws {
        maps = InterfaceMapStore(capacity: 64)
        for entry in test.nodeInfo { try maps.nodeInfo.update(NodeInfoKey(entry.prefix), to: entry.value) }
        for peer in test.peers { try maps.peers.update(MapAddress(peer.address.mapped), to: peer.mark.rawValue) }
        reasons = [:]
    }

    mutating func run(_ packet: InterfaceCase.Packet) -> InterfaceOutcome {
        let decision =
            packet.hook == .tcPod
            ? pod.run(packet.wholeFrame, mark: packet.mark, maps: maps)
            : uplink.run(packet.wholeFrame, mark: packet.mark, maps: maps)
        reasons[decision.reason, default: 0] += 1
        return InterfaceOutcome(verdict: decision.verdict == .pass ? passes : "TC_ACT_SHOT", mark: decision.mark)
    }
}
