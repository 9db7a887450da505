import Model

/// A vantage with what the engine asks of it.
enum VantageSide: Sendable {
    /// A pod, by its index in `ReplayPlaces.pods`, and the addresses of its namespace.
    case pod(Int, [WideAddress])
    /// Between the nodes, at an uplink or not.
    case transit

    init?(_ vantage: Vantage, _ places: ReplayPlaces, _ mesh: Mesh) {
        switch vantage {
        case .pod(let uid):
            guard let index = places.pod(uid) else { return nil }
            let pod = places.pods[index]
            let addresses = pod.isStandard ? pod.addresses : pod.addresses + (mesh.nodes[pod.node]?.addresses ?? [])
            self = .pod(index, addresses.map { WideAddress($0) })
        case .node, .wire: self = .transit
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
