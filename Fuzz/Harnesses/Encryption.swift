import Crypto
import Inputs
import Model
import Sim

/// Opens the bytes as an ESP packet under each form of key, and seals them as an inner packet that must come back.
func openESP(_ bytes: [UInt8]) {
    for cipher in unsafe ciphers {
        var inner: [UInt8] = []
        // Bytes have no padding that could be uninitialized, here and below.
        _ = try? cipher.open(unsafe bytes.span.bytes, sequenceHigh: 1, into: &inner)
        guard !bytes.isEmpty else { continue }
        var packet: [UInt8] = []
        cipher.seal(
            unsafe bytes.span.bytes, nextHeader: .esp, spi: SPI(rawValue: 1), sequence: 1 << 32 | UInt64(bytes.count),
            iv: UInt64(bytes[0]), into: &packet)
        let next = try? cipher.open(unsafe packet.span.bytes, sequenceHigh: 1, into: &inner)
        precondition(next == .esp && inner == bytes)
    }
}

/// libFuzzer calls from one thread.
nonisolated(unsafe) private let ciphers = AEADKey.byteCounts.flatMap { byteCount in
    AEADKey.icvByteCounts.compactMap { icvByteCount -> ESPCipher? in
        guard let key = AEADKey(bytes: Array(repeating: 7, count: byteCount), icvByteCount: icvByteCount) else {
            preconditionFailure("\(byteCount) bytes are a key")
        }
        return try? ESPCipher(key, extendedSequence: icvByteCount == 12)
    }
}

/// Takes the bytes as IP packets of a capture, each behind a byte that says how long it is.
func decryptPackets(_ bytes: [UInt8]) {
    guard let plan else { preconditionFailure("the states cannot be read") }
    var decryption = Decryption(plan, verifies: true)
    // Bytes have no padding that could be uninitialized.
    let all = unsafe bytes.span.bytes
    var (offset, count) = (0, UInt64(0))
    while offset < bytes.count {
        let end = min(offset + 1 + Int(bytes[offset]), bytes.count)
        let packet = all.extracting(offset + 1..<end)
        let isIPv6 = packet.byteCount > 0 && packet.byte(at: 0) >> 4 == 6
        count += 1
        let isTaken: Void? = try? decryption.take(
            packet, isIPv6: isIPv6, originalByteCount: packet.byteCount + Int(bytes[offset] & 1) * 1500,
            at: .init(number: count))
        precondition(isTaken != nil)
        offset = end
    }
    precondition(decryption.finished().packetCount == count)
}

/// The SPI is that of the packets in the corpus.
private let plan: DecryptionPlan? = {
    let states = """
        src 192.168.100.1 dst 192.168.100.2
        \tproto esp spi 0x00000001 reqid 1 mode tunnel
        \treplay-window 64 flag esn
        \taead rfc4106(gcm(aes)) 0x17a1daf5e1012b2e9d2938ed6d2ae7a503ac72bc 128
        src 0.0.0.0/0 dst 10.244.2.0/24
        \tdir out priority 0
        \ttmpl src 192.168.100.1 dst 192.168.100.2
        \t\tproto esp reqid 1 mode tunnel
        src 0.0.0.0/0 dst 10.244.1.0/24
        \tdir in priority 0
        \ttmpl src 192.168.100.2 dst 192.168.100.1
        \t\tproto esp reqid 1 mode tunnel
        """
    guard let file = try? EncryptionFile(parsing: states, file: "states") else { return nil }
    return try? DecryptionPlan(files: [("states", file)], nodes: [])
}()

/// Reads the bytes as every kind of file that says how packets are encrypted.
func readEncryptionFile(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    _ = try? XFRMListing(parsing: text, file: "input")
    _ = try? XFRMCommands(parsing: text, file: "input")
    guard let file = try? EncryptionFile(parsing: text, file: "input") else { return }
    _ = try? DecryptionPlan(files: [("input", file)], nodes: [])
}
