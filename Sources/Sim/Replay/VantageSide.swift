import Model

/// A vantage with what the engine asks of it.
enum VantageSide: Sendable {
    /// A pod, by its index in `ReplayPlaces.pods`, and the addresses of its namespace.
    case pod(Int, [WideAddress])
    /// Between the nodes; at the uplink of a node, by its index in the network.
    case transit(node: Int?)

    init?(_ vantage: Vantage, _ places: ReplayPlaces, _ mesh: Mesh, _ network: Network) {
        switch vantage {
        case .pod(let uid):
            guard let index = places.pod(uid) else { return nil }
            let pod = places.pods[index]
            let addresses = pod.isStandard ? pod.addresses : pod.addresses + (mesh.nodes[pod.node]?.addresses ?? [])
            self = .pod(index, addresses.map { WideAddress($0) })
        case .node(let name): self = .transit(node: network.nodes.firstIndex { $0.name == name })
        case .wire: self = .transit(node: nil)
        }
    }
}

/// How a packet stands to the point where it was captured.
enum PacketSide: Equatable {
    /// The pod sends it: all of its way lies ahead.
    case sent(pod: Int)
    /// It arrives at the pod: xdp_ingress and the socket lie ahead.
    case arrived(pod: Int)
    /// It is between the nodes.
    case transit
    /// Neither end is the pod's.
    case foreign
}
