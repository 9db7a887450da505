import Inputs
import Model
import Scenario

extension ScenarioRunner {
    /// Packets cross the network one after the other.
    mutating func flow(
        _ step: Flow, _ result: inout StepResult, _ evidence: inout Evidence
    ) throws(InputError) {
        let (from, to) = try ends(of: step)
        result.title = "flow \(step.source.value) → \(text(step.destination.value, step.packets))"
        guard let pod = network.pod(at: from) else {
            throw step.source.error("\(from) of \(step.source.value) is no pod's own address, as a flow needs it")
        }
        let request = FlowPacket(packets: step.packets, source: from, destination: to, isReply: false)
        let reply = FlowPacket(packets: step.packets, source: to, destination: from, isReply: true)
        var traffic = Traffic(isFlow: true)
        pullNodeInfo()
        for number in 1...step.packets.count {
            let isArrived = carry(request.bytes(number), from: .pod(pod), isReply: false, &traffic)
            guard isArrived, step.isAnswered else { continue }
            let answering = network.pod(at: to).map(JourneyEntry.pod) ?? network.node(for: to).map(JourneyEntry.node)
            if let answering { _ = carry(reply.bytes(number), from: answering, isReply: true, &traffic) }
        }
        if let name = step.name { keptPackets[name.value] = traffic.wirePackets }
        finish(traffic, &result, &evidence)
    }

    /// Packets appear on the wire.
    mutating func inject(
        _ step: Injection, _ result: inout StepResult, _ evidence: inout Evidence
    ) throws(InputError) {
        var traffic = Traffic(isFlow: false)
        pullNodeInfo()
        switch step.content {
        case .clear(let source, let destination, let packets):
            let (from, to) = try ends(source, destination, packets.family)
            result.title = "inject \(source.value) → \(text(destination.value, packets)) in clear"
            let packet = FlowPacket(packets: packets, source: from, destination: to, isReply: false)
            for number in 1...packets.count {
                _ = carry(packet.bytes(number), from: .wire, isReply: false, &traffic)
            }
        case .replay(let name, let number, let count):
            let kept = keptPackets[name.value] ?? []
            guard kept.indices.contains(number - 1) else {
                throw name.error("flow \"\(name.value)\" put \(kept.count) packets on the wire; there is no \(number)")
            }
            result.title = "replay packet \(number) of \(name.value)" + (count > 1 ? " × \(count)" : "")
            for _ in 1...count { _ = carry(kept[number - 1], from: .wire, isReply: false, &traffic) }
        }
        finish(traffic, &result, &evidence)
    }

    /// What the packets of one step come to.
    private struct Traffic {
        /// Whether its packets are the pods' own.
        let isFlow: Bool
        var outcomes = PacketOutcomes()
        /// The first packet of each kind, in detail.
        var sections: [TraceSection] = []
        /// What nodes put on the wire, in order.
        var wirePackets: [[UInt8]] = []
    }

    /// - Returns: Whether it arrives.
    private mutating func carry(
        _ packet: [UInt8], from entry: JourneyEntry, isReply: Bool, _ traffic: inout Traffic
    ) -> Bool {
        var trace = JourneyTrace()
        // Bytes have no padding that could be uninitialized.
        let bytes = unsafe packet.span.bytes
        let journey = network.carry(bytes, from: entry, recorder: &trace)
        let outcome = PacketOutcome(
            journey, trace, in: network, isReply: isReply, mustBeEncrypted: traffic.isFlow && mustBeEncrypted(bytes))
        if traffic.outcomes.add(outcome) {
            let namer = JourneyNamer(network: network, book: book)
            traffic.sections.append(TraceSection(title: outcome.phrase, steps: []))
            traffic.sections += namer.sections(of: trace)
        }
        for packet in trace.packets where packet.point == .wire { traffic.wirePackets.append(packet.bytes) }
        return outcome.stop == nil
    }

    private mutating func finish(_ traffic: Traffic, _ result: inout StepResult, _ evidence: inout Evidence) {
        for group in traffic.outcomes.groups { result.facts.append("\(group.count) × \(group.outcome.phrase)") }
        result.sections = traffic.sections
        evidence.flow = traffic.outcomes
    }

    /// Whether a packet goes between pods of two nodes that encrypt.
    private func mustBeEncrypted(_ packet: RawSpan) -> Bool {
        guard let encryption, let head = try? PacketHead(parsing: packet, available: packet.byteCount),
            let source = network.node(for: head.source), let destination = network.node(for: head.destination),
            source != destination
        else { return false }
        return encryption.encrypts(network.nodes[source].name) && encryption.encrypts(network.nodes[destination].name)
    }

    // MARK: Names

    private func ends(of step: Flow) throws(InputError) -> (IPAddress, IPAddress) {
        let source = Located(Host.name(step.source.value), at: step.source.place)
        return try ends(source, step.destination, step.packets.family)
    }

    /// Addresses of one family, the first that both have.
    private func ends(
        _ source: Located<Host>, _ destination: Located<Host>, _ family: AddressFamily?
    ) throws(InputError) -> (IPAddress, IPAddress) {
        let (from, to) = (try addresses(source), try addresses(destination))
        for address in from where family == nil || address.family == family {
            if let other = to.first(where: { $0.family == address.family }) { return (address, other) }
        }
        let name = family.map { $0 == .v4 ? "IPv4 " : "IPv6 " } ?? ""
        throw source.error("\(source.value) and \(destination.value) have no \(name)addresses both")
    }

    private func addresses(_ host: Located<Host>) throws(InputError) -> [IPAddress] {
        switch host.value {
        case .address(let address): return [address.unmapped]
        case .name(let name):
            let located = Located(name, at: host.place)
            if book.workloads(name).isEmpty, !book.services(name, from: "default").isEmpty {
                throw located.error("\"\(name)\" is a service; a flow goes to a pod, and connect tells to which")
            }
            return snapshot.mesh.workloads[try caller(located)]?.addresses ?? []
        }
    }

    private func text(_ host: Host, _ packets: Flow.Packets) -> String {
        let target = TargetPattern(host, port: packets.destinationPort)
        let count = packets.count > 1 ? " × \(packets.count)" : ""
        return "\(target) \(packets.kind.rawValue), \(packets.byteCount) bytes\(count)"
    }
}
