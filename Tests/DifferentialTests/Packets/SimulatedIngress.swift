import KernelABI
import Model
import Sim

/// The simulator's hook, with policies compiled change by change.
struct SimulatedIngress {
    private(set) var mesh = Mesh()
    private(set) var compiler = AuthorizationCompiler(node: nil)
    private(set) var maps = AuthorizationMaps(capacities: .large)
    private var flows = InboundFlows()
    private let hook = XDPIngress(probeSources: [PacketCase.probeSource], denialsPerSecond: .max)

    /// Takes changes in.
    /// - Returns: the writes that the other twin gets too.
    mutating func apply(_ changes: [MeshChange]) throws -> [AuthorizationWrite] {
        for change in changes {
            var old: Workload?
            switch change {
            case .setWorkload(let workload): old = mesh.workloads[workload.uid]
            case .removeWorkload(let uid): old = mesh.workloads[uid]
            default: break
            }
            compiler.apply(change, replacing: old)
            mesh.apply(change)
        }
        let writes = compiler.takeWrites()
        for write in writes { try maps.apply(write) }
        return writes
    }

    mutating func open(_ flow: PacketFlow) { flows.open(flow, now: 1) }

    mutating func receive(_ frame: [UInt8], into outcome: inout PacketOutcome) -> IngressDecision {
        var trace = NoTrace()
        let packet = IngressPacket(parsing: frame)
        let decision = hook.run(packet, policies: maps, flows: &flows, now: 1, recorder: &trace)
        outcome.passes.append(decision.verdict == .pass)
        for reason in decision.counted { outcome.counts[reason, default: 0] += 1 }
        if let dryRun = decision.dryRun { note(dryRun.reason, dryRun.rule, decision, packet, &outcome) }
        if decision.isReported { note(decision.reason, decision.rule, decision, packet, &outcome) }
        return decision
    }

    private func note(
        _ reason: Reason, _ rule: IngressDecision.Rule?, _ decision: IngressDecision, _ packet: IngressPacket,
        _ outcome: inout PacketOutcome
    ) {
        // Zeros, where the addresses cannot be told.
        var (source, destination) = ("0.0.0.0", "0.0.0.0")
        switch packet {
        case .tcp(let packet):
            (source, destination) = (Self.text(packet.flow.source), Self.text(packet.flow.destination))
        case .laterFragment(let addresses, _), .malformed(_, let addresses?):
            (source, destination) = ("\(addresses.source)", "\(addresses.destination)")
        default: break
        }
        outcome.denials.append(
            .init(
                reason: reason, policy: rule?.policyID, rule: rule?.index, identity: decision.identity, source: source,
                destination: destination))
    }

    /// Port 0 is not told: it cannot be told apart from none.
    private static func text(_ socket: SocketAddress) -> String {
        socket.port == 0 ? "\(socket.address)" : "\(socket)"
    }

    /// What the plain reference says of a SYN, where it is judged; nil where that is not known here.
    func expected(_ request: AuthorizationRequest) -> (verdict: AuthorizationVerdict, isProbe: Bool)? {
        guard let workload = owner(of: request.destination.address) else { return nil }
        var request = request
        request.identity = owner(of: request.source).map { PeerIdentity(of: $0) }
        let applying = PolicySelection(mesh.policies).policies(for: workload)
        let isProbe = request.source == PacketCase.probeSource && !applying.isEmpty
        return (ReferenceAuthorization.verdict(on: request, by: applying), isProbe)
    }

    private func owner(of address: IPAddress) -> Workload? {
        mesh.sortedWorkloads.first { $0.networkMode == .standard && $0.addresses.contains(address) }
    }
}
