import Inputs
import Model
import Scenario

extension ScenarioRunner {
    /// A frame arrives at a pod.
    mutating func packet(
        _ step: Packet, _ result: inout StepResult, _ evidence: inout Evidence
    ) throws(InputError) {
        let pod = try caller(step.pod)
        let frame: [UInt8]
        switch step.content {
        case .bytes(let bytes):
            frame = bytes
            result.title = "packet of \(bytes.count) bytes → \(step.pod.value)"
        case .described(let description):
            frame = try self.frame(of: description, to: pod, step.pod)
            let part = description.fragment.map { ", fragment from \($0.range.lowerBound)" } ?? ""
            result.title =
                "packet \(description.source.value):\(description.sourcePort) → "
                + "\(step.pod.value):\(description.destinationPort)\(part)"
        }
        let received = world.receive(frame: frame, at: pod)
        result.facts.append(Self.fact(received.outcome))
        result.authorization = received.authorization
        result.trace = traces(received.events)
        evidence.add(received)
    }

    private static func fact(_ outcome: PacketResult.Outcome) -> String {
        switch outcome {
        case .passed: "it passes"
        case .dropped: "it is dropped"
        case .reset: "it passes as a reset"
        case .unseen: "no program looks at it: the pod is not managed, or nothing keeps its node's maps up to date"
        }
    }

    /// The bytes of a packet that is described.
    private func frame(
        of packet: Packet.Description, to pod: WorkloadUID, _ name: Located<String>
    ) throws(InputError) -> [UInt8] {
        let own = snapshot.mesh.workloads[pod]?.addresses ?? []
        let known: [IPAddress] =
            switch packet.source.value {
            case .address(let address): [address]
            case .name(let sender):
                snapshot.mesh.workloads[try caller(Located(sender, at: packet.source.place))]?.addresses ?? []
            }
        guard let source = known.first(where: { packet.family == nil || $0.family == packet.family }),
            let destination = own.first(where: { $0.family == source.family })
        else {
            let family = (packet.family ?? known.first?.family).map { $0 == .v4 ? "IPv4 " : "IPv6 " } ?? ""
            throw packet.source.error("\(packet.source.value) and \(name.value) have no \(family)addresses both")
        }
        var builder = PacketBuilder(
            PacketFlow(
                source: SocketAddress(source, port: packet.sourcePort),
                destination: SocketAddress(destination, port: packet.destinationPort)),
            flags: packet.flags)
        builder.tags = packet.tags
        builder.ipOptions = packet.ipOptions
        builder.extensionHeaders = packet.extensionHeaders.map { PacketBuilder.ExtensionHeader($0) }
        builder.payload = packet.payload
        guard let fragment = packet.fragment else { return builder.frame }
        return builder.fragment(fragment.range, identification: fragment.identification)
    }

    /// Switches who judges packets, on one node or all.
    mutating func switchOffload(_ step: OffloadSwitch, _ result: inout StepResult) throws(InputError) {
        var names = world.nodeNames
        if let node = step.node {
            guard world.nodes[node.value] != nil else {
                let hint = nearestName(to: node.value, in: names).map { "; did you mean \($0)?" } ?? ""
                throw node.error("node \"\(node.value)\" has no maps\(hint)")
            }
            names = [node.value]
        }
        result.title = "authz \(step.isOn ? "on" : "off")" + (step.node.map { " on \($0.value)" } ?? "")
        for name in names { world.setOffloaded(step.isOn, node: name) }
        if step.node == nil { world.setOffloadedLater(step.isOn) }
        noteProblems(&result)
    }
}
