import Captures
import Model

/// Reads a capture to its end, finds the network layer of every frame, and filters it.
func readCapture(_ bytes: [UInt8]) {
    guard var reader = try? CaptureReader(contents: bytes, name: "input") else { return }
    var count = 0
    while let record = try? reader.next() {
        precondition(record.capturedByteCount <= CaptureReader.recordByteLimit)
        precondition(record.fileOffset < UInt64(bytes.count) || !isPlain(bytes))
        reader.withBytes(of: record) { frame in
            precondition(frame.byteCount == record.capturedByteCount)
            look(at: frame, record.linkType)
        }
        count += 1
        // Packed, a small input may hold very many.
        if count == 10_000 { return }
    }
}

private func isPlain(_ bytes: [UInt8]) -> Bool { bytes[0] != 0x1f && bytes[0] != 0x28 && bytes[0] & 0xf0 != 0x50 }

private func look(at frame: RawSpan, _ linkType: LinkType) {
    guard let link = try? LinkLayer(linkType), let layer = try? link.networkLayer(of: frame) else { return }
    precondition(layer.offset <= frame.byteCount)
    if let inner = layer.tunnelled(in: frame, TunnelPorts()) {
        precondition(inner.offset > layer.offset && inner.offset <= frame.byteCount)
    }
}

/// Parses the bytes as a frame of every link type, and as what arrives at a pod.
func parsePacket(_ bytes: [UInt8]) {
    // Bytes have no padding that could be uninitialized.
    let frame = unsafe bytes.span.bytes
    for type in linkTypes { look(at: frame, type) }
    for filter in filters { _ = filter.accepts(frame, originalByteCount: bytes.count) }
    _ = IngressPacket(parsing: frame)
}

private let linkTypes: [LinkType] = [.ethernet, .linuxCooked, .linuxCooked2, .raw, .ipv4, .ipv6, .null]

private let filters = linkTypes.compactMap { type in
    try? CaptureFilter(expression: "tcp port 80 or ip6 proto 50 or udp[4:2] > 60", linkType: type)
}
