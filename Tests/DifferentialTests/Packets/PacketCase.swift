import Model

/// One thing that happens to a pod's interface and to the policies behind it.
enum PacketAction {
    /// A frame arrives. `request`: what it asks for, where it is a SYN as every reader takes it.
    case frame([UInt8], request: AuthorizationRequest?)
    /// The pod opens a flow; its replies come so.
    case opens(PacketFlow)
    case change(MeshChange)
}

/// A mesh with policies, and what happens.
struct PacketCase {
    var mesh: Mesh
    var actions: [PacketAction]

    /// Whose connections are probes.
    static let probeSource = IPAddress.v4(0x0A00_0003)
}

extension PacketAction: CustomStringConvertible {
    var description: String {
        switch self {
        case .frame(let bytes, let request):
            "frame \(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())"
                + (request.map { "  # SYN \($0.source) -> \($0.destination)" } ?? "")
        case .opens(let flow): "the pod opens the flow of replies \(flow.source) -> \(flow.destination)"
        case .change(let change): "change \(change)"
        }
    }
}
