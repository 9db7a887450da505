import Model
import TestSupport
import Testing

/// Reads the checksums of a packet anew.
private func hasRightChecksums(_ editor: PacketEditor) -> Bool {
    let (bytes, outline) = (editor.bytes, editor.outline)
    if outline.family == .v4, InternetChecksum.of(Array(bytes[..<20])) != 0 { return false }
    let length =
        outline.family == .v4 ? Int(bytes[2]) << 8 | Int(bytes[3]) : 40 + (Int(bytes[4]) << 8 | Int(bytes[5]))
    guard length == bytes.count, outline.byteCount == bytes.count else { return false }
    // Fields, not the outline: they are what goes over the wire.
    guard
        let again = try? PacketOutline(
            parsing: unsafe bytes.span.bytes, isIPv6: outline.family == .v6, originalByteCount: bytes.count),
        again == outline
    else { return false }
    return IPPacket.transportSum(Array(bytes[outline.transportOffset...]), outline.flow, outline.protocolNumber) == 0
}

private func loaded(_ bytes: [UInt8]) throws -> PacketEditor {
    let outline = try PacketOutline(
        parsing: unsafe bytes.span.bytes, isIPv6: bytes[0] >> 4 == 6, originalByteCount: bytes.count)
    var editor = PacketEditor()
    editor.load(unsafe bytes.span.bytes, outline)
    #expect(editor.heldByteCount == bytes.count)
    return editor
}

private func randomAddress(_ family: AddressFamily, _ random: inout SplitMix64) -> SocketAddress {
    let address: IPAddress = family == .v4 ? .v4(random.draw()) : .v6(high: random.next(), low: random.next())
    return SocketAddress(address, port: UInt16(truncatingIfNeeded: random.next()))
}

private func randomPacket(_ random: inout SplitMix64, isTCP: Bool) -> IPPacket {
    let family = random.one(of: AddressFamily.allCases)
    let flow = PacketFlow(source: randomAddress(family, &random), destination: randomAddress(family, &random))
    let payload = (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    guard isTCP else { return .udp(flow, payload: payload) }
    var packet = IPPacket(flow, [.ack, .psh], payload: payload)
    packet.sequence = random.draw()
    packet.acknowledgement = random.draw()
    return packet
}

@Test func checksumsStayRightWhateverIsRewritten() throws {
    try forEachSeed(count: 500) { seed in
        var random = SplitMix64(seed: seed)
        let packet = randomPacket(&random, isTCP: !random.isOneIn(3))
        var editor = try loaded(packet.bytes)
        #expect(hasRightChecksums(editor), "seed \(seed)")
        let family = packet.flow.source.address.family
        for _ in 0..<4 {
            switch random.below(5) {
            case 0: editor.setSource(randomAddress(family, &random))
            case 1: editor.setDestination(randomAddress(family, &random))
            case 2 where editor.isTCP: editor.setSequence(random.draw())
            case 3 where editor.isTCP: _ = editor.shiftAcknowledgements(behind: random.draw(), by: 16)
            case 4 where editor.isTCP:
                editor.insertBeforePayload((0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            default: break
            }
            #expect(hasRightChecksums(editor), "seed \(seed)")
        }
    }
}

@Test func segmentsHoldThePayloadInOrderAndHaveRightChecksums() throws {
    try forEachSeed(count: 200) { seed in
        var random = SplitMix64(seed: seed)
        var packet = randomPacket(&random, isTCP: true)
        packet.flags = [.ack, .psh, .fin]
        packet.payload = (0..<1 + random.below(5000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        packet.tcpOptions = random.isOneIn(2) ? [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0] : []
        let editor = try loaded(packet.bytes)
        let limit = 100 + random.below(1400)
        let count = editor.segmentCount(limit: limit)
        guard count > 1 else {
            #expect(editor.bytes.count <= limit, "seed \(seed)")
            return
        }
        var (payload, segment) = ([UInt8](), PacketEditor())
        for index in 0..<count {
            editor.segment(index, limit: limit, into: &segment)
            #expect(hasRightChecksums(segment), "seed \(seed)")
            #expect(segment.bytes.count <= limit)
            #expect(segment.sequence == packet.sequence &+ UInt32(payload.count))
            #expect(segment.outline.tcpFlags.contains(.fin) == (index == count - 1))
            payload += segment.bytes[segment.payloadOffset...]
        }
        #expect(payload == packet.payload, "seed \(seed)")
    }
}

@Test func selectiveAcknowledgementsAreShiftedAtOddPlacesToo() throws {
    let flow = PacketFlow(
        source: SocketAddress(.v4(0x0a00_0001), port: 80), destination: SocketAddress(.v4(0x0a00_0002), port: 4000))
    // Fillers move the blocks to every alignment.
    for fillers in 0..<4 {
        var packet = IPPacket(flow)
        packet.acknowledgement = 1001
        let sack: [UInt8] = [5, 10, 0, 0, 7, 208, 0, 0, 11, 184]
        packet.tcpOptions = [UInt8](repeating: 1, count: fillers) + sack
        packet.tcpOptions += [UInt8](repeating: 0, count: -packet.tcpOptions.count & 3)
        var editor = try loaded(packet.bytes)
        let isChanged = editor.shiftAcknowledgements(behind: 1001, by: 16)
        #expect(isChanged)
        #expect(editor.acknowledgement == 1001)
        let edges = Array(editor.bytes[(40 + fillers + 2)..<(40 + fillers + 10)])
        #expect(edges == [0, 0, 7, 224, 0, 0, 11, 200])
        #expect(hasRightChecksums(editor), "\(fillers) fillers")
    }
}

@Test func aWrongChecksumStaysWrong() throws {
    var random = SplitMix64(seed: 3)
    var bytes = randomPacket(&random, isTCP: true).bytes
    bytes[bytes.count - 1] ^= 0x55
    var editor = try loaded(bytes)
    editor.setSource(randomAddress(editor.outline.family, &random))
    #expect(!hasRightChecksums(editor))
}

@Test func missingBytesCountAsZeros() throws {
    let flow = PacketFlow(
        source: SocketAddress(.v4(0x0a00_0001), port: 80), destination: SocketAddress(.v4(0x0a00_0002), port: 4000))
    let bytes = IPPacket(flow, payload: [1, 2, 3, 4]).bytes
    let cut = Array(bytes[..<42])
    let outline = try PacketOutline(parsing: unsafe cut.span.bytes, isIPv6: false, originalByteCount: bytes.count)
    var editor = PacketEditor()
    editor.load(unsafe cut.span.bytes, outline)
    #expect(editor.heldByteCount == 42)
    #expect(editor.bytes == cut + [0, 0])
}

@Test func segmentsHoldNoMoreThanWasCaptured() throws {
    let flow = PacketFlow(
        source: SocketAddress(.v4(0x0a00_0001), port: 80), destination: SocketAddress(.v4(0x0a00_0002), port: 4000))
    let bytes = IPPacket(flow, payload: [UInt8](repeating: 1, count: 100)).bytes
    for (captured, inserted, held) in [
        (140, 0, [80, 80, 60]), (125, 0, [80, 80, 45]), (90, 0, [80, 50, 40]), (40, 0, [40, 40, 40]),
        (36, 0, [36, 36, 36]), (90, 16, [80, 66, 40]), (36, 16, [36, 36, 36]),
    ] {
        let cut = Array(bytes[..<captured])
        let outline = try PacketOutline(parsing: unsafe cut.span.bytes, isIPv6: false, originalByteCount: bytes.count)
        var (editor, segment) = (PacketEditor(), PacketEditor())
        editor.load(unsafe cut.span.bytes, outline)
        if inserted > 0 { editor.insertBeforePayload([UInt8](repeating: 2, count: inserted)) }
        #expect(editor.segmentCount(limit: 80) == 3)
        let counts = (0..<3).map { index in
            editor.segment(index, limit: 80, into: &segment)
            return segment.heldByteCount
        }
        #expect(counts == held, "\(captured) bytes captured")
    }
}
