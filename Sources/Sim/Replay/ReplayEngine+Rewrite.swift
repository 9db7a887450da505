import Model

extension ReplayEngine {
    /// Changes a packet as its flow's translation and a waypoint's header want it.
    /// - Returns: false when nothing is to be changed; else the packet is in the editor.
    mutating func rewrite(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, _ number: UInt32, isForward: Bool,
        _ observer: inout some ReplayObserver
    ) -> Bool {
        let entry = flows[number]
        let change = translation(of: packet, entry, side, isForward: isForward)
        let header = header(bytes, packet, side, number, isForward: isForward, &observer)
        guard change != nil || header != nil || isLarge(packet, side) else { return false }
        editor.load(bytes, packet.outline)
        if let change {
            observer.step(.translated(from: packet.outline.flow, to: change))
            if change.source != packet.outline.flow.source { editor.setSource(change.source) }
            if change.destination != packet.outline.flow.destination { editor.setDestination(change.destination) }
        }
        if let header, editor.isTCP { shift(by: header, entry, isForward: isForward, &observer) }
        return true
    }

    /// What the ends of a packet become, nil where they stay.
    private func translation(
        of packet: PacketContext, _ entry: FlowEntry, _ side: PacketSide, isForward: Bool
    ) -> PacketFlow? {
        guard entry.hasTwoKeys else { return nil }
        var flow = packet.outline.flow
        let isLater = packet.outline.fragment?.isLater == true
        switch side {
        case .sent where isForward: flow.destination = SocketAddress(entry.finalAddress.address, port: entry.finalPort)
        case .arrived where !isForward: flow.source = SocketAddress(entry.finalAddress.address, port: entry.finalPort)
        default: return nil
        }
        if isLater { (flow.source.port, flow.destination.port) = (0, 0) }
        return flow == packet.outline.flow ? nil : flow
    }

    /// The header that the flow's first payload byte has before it, once the client has sent that.
    private mutating func header(
        _ bytes: RawSpan, _ packet: PacketContext, _ side: PacketSide, _ number: UInt32, isForward: Bool,
        _ observer: inout some ReplayObserver
    ) -> [UInt8]? {
        let entry = flows[number]
        guard entry.details != 0, packet.isTCP, packet.outline.fragment?.isLater != true,
            !entry.state.contains(.midCapture), let storage = details[entry.details].storage
        else { return nil }
        if let header = details[entry.details].header { return header.isEmpty ? nil : header }
        guard isForward, case .sent(let pod) = side, storage.via_waypoint != 0, payloadByteCount(bytes, packet) > 0,
            !packet.outline.tcpFlags.contains(.syn)
        else { return nil }
        let header = world.firstHeader(
            of: PacketFlow(source: entry.clientAddress, destination: entry.finalAddress), by: places.pods[pod].uid,
            storage: storage)
        if observer.wantsSteps(of: packet.record) { for event in header.events { observer.step(.hook(event)) } }
        details[entry.details].header = header.bytes
        return header.bytes.isEmpty ? nil : header.bytes
    }

    private func payloadByteCount(_ bytes: RawSpan, _ packet: PacketContext) -> Int {
        let offset = packet.outline.transportOffset
        return packet.outline.byteCount - offset - Int(bytes.byte(at: offset + 12) >> 4) * 4
    }

    /// Moves sequence numbers by the size of the header, or puts the header in.
    private mutating func shift(
        by header: [UInt8], _ entry: FlowEntry, isForward: Bool, _ observer: inout some ReplayObserver
    ) {
        let base = entry.initialSequence &+ 1
        let count = UInt32(header.count)
        guard isForward else {
            if editor.shiftAcknowledgements(behind: base, by: count) { observer.step(.shifted(by: header.count)) }
            return
        }
        let offset = Int32(bitPattern: editor.sequence &- base)
        if offset > 0 {
            editor.setSequence(editor.sequence &+ count)
            observer.step(.shifted(by: header.count))
        } else if offset == 0, editor.payloadByteCount > 0, editor.bytes.count + header.count <= Self.largestPacket {
            editor.insertBeforePayload(header)
            observer.step(.header(header, destination: entry.requestedAddress))
        }
    }

    /// What an IP length field can say; segmentation offload keeps below it.
    private static let largestPacket = 65_535

    /// Whether TCP hands over more at once than the interface carries.
    private func isLarge(_ packet: PacketContext, _ side: PacketSide) -> Bool {
        guard packet.isTCP, packet.outline.fragment == nil else { return false }
        return packet.outline.byteCount > segmentLimit(packet, side)
    }
}
