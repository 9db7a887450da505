import Model

/// Upstream's engines themselves, on any node of a mesh, each packet on a node that has seen none before.
struct RealEngines {
    private let scene: AuthorizationScene
    /// Those of the node that was asked last.
    private var current: (node: String, authorization: UpstreamAuthorization)?

    init(_ scene: AuthorizationScene) { self.scene = scene }

    /// What XDP on a node does with a frame.
    mutating func receive(_ frame: [UInt8], on node: String) -> UpstreamXDPOutcome {
        var authorization = authorization(of: node)
        var (frame, maps, trace) = (frame, scene.maps, NoTrace())
        return authorization.receive(&frame, frontends: &maps, recorder: &trace)
    }

    /// What user space answers when a connection is established.
    func decision(_ flow: PacketFlow) -> UpstreamUserSpaceAuthorization.Decision {
        scene.userSpace.decision(client: flow.source, server: flow.destination)
    }

    private mutating func authorization(of node: String) -> UpstreamAuthorization {
        if let current, current.node == node { return current.authorization }
        var authorization = UpstreamAuthorization(node: node, isOffloaded: true)
        var names = scene.names
        _ = authorization.apply(scene.mesh, names: &names)
        current = (node, authorization)
        return authorization
    }
}
