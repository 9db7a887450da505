import Inputs
import Model

extension StepReader {
    /// Reads `flow`, and remembers its name.
    mutating func flow(_ node: DocumentNode) throws(InputError) -> Flow {
        var section = try Section<FlowKey>(node, file: file, what: "flow")
        let source = try section.requiredName(.from)
        let to = try section.required(.to)
        let (host, packets) = try packets(to, &section, keys: .ofFlow)
        let isAnswered = try section.boolean(.replies) ?? false
        let name = try section.name(.keep)
        if let name { try flows.keep(name) }
        try section.finish()
        return Flow(
            source: source, destination: Located(host, at: Place(file, to.position)), packets: packets,
            isAnswered: isAnswered, name: name)
    }

    /// Reads `inject`: a packet in words, or one of an earlier flow.
    func injection(_ node: DocumentNode) throws(InputError) -> Injection {
        var section = try Section<InjectKey>(node, file: file, what: "inject")
        guard let replayed = try section.name(.replay) else {
            if section.has(.number) {
                throw section.place(of: .number).error("\"number\" is of a packet to \"replay\"")
            }
            guard let from = section.node(.from) else {
                throw section.place.error(
                    "\"from\" (a workload or an address) or \"replay\" (an earlier flow) is missing here")
            }
            let source = try host(from, section.scalar(.from))
            let to = try section.required(.to)
            let (host, packets) = try packets(to, &section, keys: .ofInjection)
            try section.finish()
            return Injection(
                content: .clear(
                    from: Located(source, at: Place(file, from.position)),
                    to: Located(host, at: Place(file, to.position)), packets))
        }
        for key in section.keys where key != .replay && key != .number && key != .count {
            throw section.place(of: key).error("\"\(key.rawValue)\" beside \"replay\"; the packet is what it was")
        }
        try flows.require(replayed)
        let number = try section.integer(.number, in: 1...4 * Flow.countLimit) ?? 1
        let count = try section.integer(.count, in: 1...Flow.countLimit) ?? 1
        try section.finish()
        return Injection(content: .replay(of: replayed, number: number, count: count))
    }

    private func host(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> Host {
        let pattern = try scalar.pattern(node)
        guard pattern.port == nil else { throw scalar.error(node, mustBe: "a workload or an address, without port") }
        return pattern.host
    }

    /// What both kinds of steps say about packets, and whom these are for.
    private func packets<Key: MappingKey>(
        _ to: DocumentNode, _ section: inout Section<Key>, keys: PacketKeys<Key>
    ) throws(InputError) -> (Host, Flow.Packets) {
        let scalar = section.scalar(keys.to)
        let target = try scalar.pattern(to)
        let said: Flow.Kind? = try section.choice(keys.protocol)
        let kind = said ?? (target.port == nil ? .icmp : .tcp)
        switch (kind, target.port) {
        case (.icmp, _?): throw scalar.error(to, mustBe: "a workload or an address: icmp has no ports")
        case (.tcp, nil), (.udp, nil): throw scalar.error(to, mustBe: "host:port")
        default: break
        }
        let family: FamilyWord? = try section.choice(keys.family)
        let packets = Flow.Packets(
            kind: kind, destinationPort: target.port, family: family.map { $0 == .v4 ? .v4 : .v6 },
            byteCount: try section.integer(keys.size, in: Flow.byteCounts) ?? Flow.defaultByteCount,
            count: try section.integer(keys.count, in: 1...Flow.countLimit) ?? 1,
            timeToLive: UInt8(try section.integer(keys.timeToLive, in: 1...255) ?? 64),
            isFragmentable: try section.boolean(keys.mayFragment) ?? false)
        return (target.host, packets)
    }
}

/// The keys of a mapping that describe packets.
private struct PacketKeys<Key: Sendable>: Sendable {
    let to, `protocol`, family, size, count, timeToLive, mayFragment: Key
}

extension PacketKeys<FlowKey> {
    fileprivate static let ofFlow = PacketKeys(
        to: .to, protocol: .protocol, family: .family, size: .size, count: .count, timeToLive: .timeToLive,
        mayFragment: .mayFragment)
}

extension PacketKeys<InjectKey> {
    fileprivate static let ofInjection = PacketKeys(
        to: .to, protocol: .protocol, family: .family, size: .size, count: .count, timeToLive: .timeToLive,
        mayFragment: .mayFragment)
}

/// The flows that have a name at some step.
struct NamedFlows {
    private var names: [Located<String>] = []

    /// Gives a flow its name, for good.
    mutating func keep(_ name: Located<String>) throws(InputError) {
        if let first = names.first(where: { $0.value == name.value }) {
            throw name.error("flow \"\(name.value)\" again; it is already at line \(first.place.position.line)")
        }
        names.append(name)
    }

    /// The flow of the name must be there.
    func require(_ name: Located<String>) throws(InputError) {
        guard !names.contains(where: { $0.value == name.value }) else { return }
        let near = nearestName(to: name.value, in: names.map(\.value))
        let hint = near.map { "; did you mean \"\($0)\"?" } ?? ""
        throw name.error("no step before this one keeps a flow \"\(name.value)\"\(hint)")
    }
}
