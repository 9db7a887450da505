internal import CBPF
import KernelABI
import Model
import Synchronization

/// Decides about inbound connections that the programs put to user space (km_auth_req), on the thread that reads them:
/// a denial has to be in km_auth_res when the connection's next packet comes.
final class UserSpaceJudge: Sendable {
    /// By what is decided.
    enum Knowledge: Sendable {
        /// As upstream's user space.
        case upstream(UpstreamUserSpace)
        /// As the compiled policies.
        case compiled(JudgedMesh)
    }

    private struct State: ~Copyable {
        var knowledge: Knowledge?
        var results: Descriptor?
        /// Requests that came before there was anything to decide by.
        var waiting: [km_auth_request] = []
    }

    /// More than these do not wait: further ones are as if there had been no room to ask.
    private static let mostWaiting = 4096

    private let state = Mutex(State())
    /// What was denied.
    let denials = RecordQueue<DenialRecord> { _ in nil }
    private let log: Log

    init(log: Log) { self.log = log }

    /// Where denials are written from now on: km_auth_res.
    func use(results: consuming Descriptor) {
        var results: Descriptor? = consume results
        state.withLock { $0.results = results.take() }
    }

    /// Decides by this from now on; first what waits.
    func set(_ knowledge: Knowledge?) {
        state.withLock { state in
            state.knowledge = knowledge
            guard knowledge != nil else { return }
            let waiting = state.waiting
            state.waiting = []
            for request in waiting { decide(request, &state) }
        }
    }

    /// Takes a change of the mesh in, where upstream's user space decides.
    func apply(_ changes: [MeshChange]) {
        state.withLock { state in
            guard case .upstream(var known)? = state.knowledge else { return }
            // One copy at a time, lest each change copies everything.
            state.knowledge = nil
            for change in changes { known.apply(change) }
            state.knowledge = .upstream(known)
        }
    }

    /// Takes a record of km_auth_req.
    func take(_ bytes: RawSpan) {
        guard let request = bytes.record(as: km_auth_request.self) else { return }
        state.withLock { state in
            if state.knowledge != nil {
                decide(request, &state)
            } else if state.waiting.count < Self.mostWaiting {
                state.waiting.append(request)
            }
        }
    }

    private func decide(_ request: km_auth_request, _ state: inout State) {
        let (client, server) = request.ends
        var key = request.tuple
        var denial: (reason: String, rule: RuleReference?)?
        switch state.knowledge {
        case .upstream(let known):
            let decision = known.decision(client: client.unmapped, server: server.unmapped)
            if !decision.isAllowed {
                denial = (
                    decision.reason.rawValue, decision.hit.map { RuleReference(policy: $0.policy, rule: $0.rule) }
                )
            }
        case .compiled(let known):
            if let found = known.denial(client: client.unmapped, server: server.unmapped) {
                denial = (found.reason.rawValue, found.rule)
            }
            // As the packets have it: upstream's are not found where a socket has mapped addresses.
            key = ConnectionTuple(PacketFlow(source: client.unmapped, destination: server.unmapped))
        case nil: return
        }
        guard let denial else { return }
        var value = AuthResult(denied: 1)
        // In bounds: the loader checked both sizes against the map's.
        let status = state.results?.withRaw { unsafe bpf_map_update_elem($0, &key, &value, UInt64(BPF_ANY)) } ?? 0
        if status != 0 {
            log.error("failed", LogField("error", .init(KernelError("write", "km_auth_res", errno: -status))))
        }
        denials.add(
            DenialRecord(
                timeNanoseconds: BootClock.sinceBootNanoseconds(), source: client.unmapped,
                destination: server.unmapped, reasonName: denial.reason,
                policy: denial.rule.map { .name($0.policy) }, rule: denial.rule?.rule))
    }
}

extension SocketAddress {
    fileprivate var unmapped: SocketAddress { SocketAddress(address.unmapped, port: port) }
}

extension km_auth_request {
    /// The client, and the pod.
    fileprivate var ends: (client: SocketAddress, server: SocketAddress) {
        if type == 0 {
            let tuple = tuple.ipv4
            return (
                SocketAddress(.v4(UInt32(bigEndian: tuple.saddr)), port: tuple.sport),
                SocketAddress(.v4(UInt32(bigEndian: tuple.daddr)), port: tuple.dport)
            )
        }
        let tuple = tuple.ipv6
        return (
            SocketAddress(MapAddress(word: tuple.saddr).asV6, port: tuple.sport),
            SocketAddress(MapAddress(word: tuple.daddr).asV6, port: tuple.dport)
        )
    }
}
