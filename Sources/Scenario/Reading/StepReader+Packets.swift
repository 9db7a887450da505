import Inputs
import Model

extension StepReader {
    /// Reads `authz`: `on`, `off`, or a mapping that also names a node.
    func offloadSwitch(_ node: DocumentNode) throws(InputError) -> OffloadSwitch {
        guard case .mapping = node.value else {
            return OffloadSwitch(isOn: try isOn(node, Scalar("authz", file: file)), node: nil)
        }
        var section = try Section<OffloadKey>(node, file: file, what: "authz")
        let offload = try section.required(.offload)
        let result = OffloadSwitch(
            isOn: try isOn(offload, section.scalar(.offload)), node: try section.name(.node))
        try section.finish()
        return result
    }

    private func isOn(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> Bool {
        switch node.text.flatMap(SwitchWord.init(rawValue:)) {
        case .on: return true
        case .off: return false
        case nil: throw scalar.error(node, mustBe: "on or off")
        }
    }

    /// Reads `packet`: its bytes, or what is in it.
    func packet(_ node: DocumentNode) throws(InputError) -> Packet {
        var section = try Section<PacketKey>(node, file: file, what: "packet")
        let to = try section.required(.to)
        if let hex = section.node(.hex) {
            for key in section.keys where key != .to && key != .hex {
                throw section.place(of: key).error("\"\(key.rawValue)\" beside \"hex\"; the bytes say it all")
            }
            let packet = Packet(
                pod: try section.scalar(.to).name(to), content: .bytes(try section.scalar(.hex).bytes(hex)))
            try section.finish()
            return packet
        }
        let target = try section.scalar(.to).target(to)
        guard case .name(let pod) = target.host else {
            throw section.scalar(.to).error(to, mustBe: "pod:port")
        }
        let description = try description(&section, destinationPort: target.port)
        try section.finish()
        return Packet(pod: Located(pod, at: Place(file, to.position)), content: .described(description))
    }

    private func description(
        _ section: inout Section<PacketKey>, destinationPort: UInt16
    ) throws(InputError) -> Packet.Description {
        guard let from = section.node(.from) else {
            throw section.place.error("\"from\" (a workload or an address) or \"hex\" (bytes) is missing here")
        }
        let source = try section.scalar(.from).pattern(from)
        let family: FamilyWord? = try section.choice(.family)
        let flags = try words(.flags, Packet.flagNames, &section)
        let ipOptions = try section.node(.ipOptions).map { (node) throws(InputError) in
            try section.scalar(.ipOptions).bytes(node)
        }
        if let ipOptions, ipOptions.count > 40 {
            throw section.place(of: .ipOptions).error(
                "\"ipOptions\" has \(ipOptions.count) bytes; there is room for 40")
        }
        return Packet.Description(
            source: Located(source.host, at: Place(file, from.position)),
            sourcePort: source.port ?? Packet.defaultSourcePort, destinationPort: destinationPort,
            family: family.map { $0 == .v4 ? .v4 : .v6 }, flags: flags.isEmpty ? .syn : TCPFlags(flags),
            tags: try words(.tags, Packet.tagNames, &section), ipOptions: ipOptions ?? [],
            extensionHeaders: try words(.extensionHeaders, Packet.headerNames, &section),
            payload: Array(try section.string(.payload)?.utf8 ?? "".utf8), fragment: try fragment(&section))
    }

    /// A list of words, in its order; empty when the key is not there.
    private func words<Value>(
        _ key: PacketKey, _ known: [(name: String, value: Value)], _ section: inout Section<PacketKey>
    ) throws(InputError) -> [Value] {
        guard let node = section.node(key) else { return [] }
        let scalar = section.scalar(key)
        var values: [Value] = []
        for element in try scalar.elements(node) {
            guard let found = known.first(where: { $0.name == element.text }) else {
                throw scalar.error(element, mustBe: known.map(\.name).joined(separator: ", ") + " or a list of these")
            }
            values.append(found.value)
        }
        return values
    }

    private func fragment(_ section: inout Section<PacketKey>) throws(InputError) -> Packet.Fragment? {
        guard let node = section.node(.fragment) else { return nil }
        var fragment = try Section<FragmentKey>(node, file: file, what: "fragment")
        let most = 65_535
        _ = try fragment.required(.id)
        let identification = try fragment.integer(.id, in: 0...Int(UInt32.max)) ?? 0
        let start = try fragment.integer(.from, in: 0...most) ?? 0
        let end = try fragment.integer(.to, in: 1...most) ?? most
        guard start % 8 == 0 else {
            throw fragment.place(of: .from).error("\"from\" must be a multiple of 8, as the header counts")
        }
        guard start < end else { throw fragment.place.error("\"from\" must be less than \"to\"") }
        try fragment.finish()
        return Packet.Fragment(identification: UInt32(identification), range: start..<end)
    }
}
