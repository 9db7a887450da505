import Model

@testable import Sim

/// A node with one pod, `default/dst` at 10.1.0.2 and fd00:1::2, and one client, `frontend/src` at 10.0.0.1, under
/// upstream's authorization.
struct UpstreamScene {
    static let node = "node-1"
    static let pod = WorkloadUID("c//Pod/default/dst")

    var authorization: UpstreamAuthorization
    var maps = MapStore(capacities: .upstream)
    var names = NameTable()
    private var trace = NoTrace()

    /// The pod lists `listed`, by default all policies in their order.
    init(_ policies: [Policy], listed: [String]? = nil, isOffloaded: Bool = true) throws {
        authorization = UpstreamAuthorization(node: Self.node, isOffloaded: isOffloaded)
        _ = apply(.setWorkload(Self.client()))
        _ = apply(.setWorkload(Self.pod(listing: listed ?? policies.map(\.resourceName))))
        for policy in policies { _ = apply(.setPolicy(policy)) }
        let id = names.id(for: Self.pod.text)
        for address in ["10.1.0.2", "fd00:1::2"] {
            try maps.frontend.update(FrontendKey(ip(address)), to: FrontendValue(upstream_id: id))
        }
    }

    static func client(network: String = "") -> Workload {
        Workload(
            WorkloadUID("c//Pod/frontend/src"), name: "src", namespace: "frontend", addresses: [ip("10.0.0.1")],
            network: network, node: "node-2", serviceAccount: "web")
    }

    static func pod(
        listing policies: [String], network: String = "", node: String = node, mode: NetworkMode = .standard
    ) -> Workload {
        Workload(
            pod, name: "dst", namespace: "default", addresses: [ip("10.1.0.2"), ip("fd00:1::2")],
            network: network, node: node, networkMode: mode, policies: policies)
    }

    mutating func apply(_ change: MeshChange) -> [UpstreamAuthorization.Loss] {
        authorization.apply(change, names: &names)
    }

    /// A packet arrives at the pod.
    mutating func receive(
        _ source: String = "10.0.0.1:1234", to destination: String = "10.1.0.2:80", _ flags: TCPFlags = .syn
    ) -> UpstreamXDPOutcome {
        var frame = Self.packet(source, to: destination, flags).frame
        return receive(&frame)
    }

    /// A packet between two sockets.
    static func packet(_ source: String, to destination: String, _ flags: TCPFlags) -> PacketBuilder {
        PacketBuilder(
            PacketFlow(source: socketAddress(source), destination: socketAddress(destination)).unmapped, flags: flags)
    }

    /// A frame arrives at the pod.
    mutating func receive(_ frame: inout [UInt8]) -> UpstreamXDPOutcome {
        authorization.receive(&frame, frontends: &maps, recorder: &trace)
    }

    /// sockops asks about a connection to the pod.
    mutating func establish(
        _ client: String = "10.0.0.1:1234", to server: String = "10.1.0.2:80"
    ) -> (decision: UpstreamUserSpaceAuthorization.Decision, isWritten: Bool) {
        authorization.established(client: socketAddress(client), server: socketAddress(server))
    }
}

/// A policy of `default` with rules of clauses of matches.
func policy(
    _ name: String, _ action: Policy.Action, _ rules: [[[PolicyMatch]]], scope: Policy.Scope = .workload,
    namespace: String = "default", isDryRun: Bool = false
) -> Policy {
    Policy(
        name: name, namespace: namespace, scope: scope, action: action,
        rules: rules.map { Policy.Rule($0.map(Policy.Clause.init)) }, isDryRun: isDryRun)
}

func ports(_ any: UInt16..., not none: [UInt16] = []) -> PolicyMatch {
    PolicyMatch(destinationPorts: PolicyMatch.Values(any, not: none))
}

func sources(_ any: String..., not none: [String] = []) -> PolicyMatch {
    PolicyMatch(sourceBlocks: PolicyMatch.Values(any.map(block), not: none.map(block)))
}

func destinations(_ any: String...) -> PolicyMatch {
    PolicyMatch(destinationBlocks: PolicyMatch.Values(any.map(block)))
}

func block(_ text: String) -> Prefix { Prefix(text) ?? Prefix(host: .anyV4) }

func ip(_ text: String) -> IPAddress { IPAddress(text) ?? .anyV4 }
