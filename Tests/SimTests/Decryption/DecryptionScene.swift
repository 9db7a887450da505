import Crypto
import Inputs
import Model
import Testing

@testable import Sim

/// Packets made for the purpose, between nodes 10.0.0.1 and 10.0.0.2, or fd00::1 and fd00::2: a state of SPI 5, and one
/// of an unsupported algorithm of SPI 6. The pods are 10.244.1.0/24 and 10.244.2.0/24.
struct DecryptionScene {
    var hasExtendedSequence = false
    /// The number that the listing shows.
    var highest: UInt64 = 0
    /// Of ESP in UDP.
    var port: UInt16?
    var family = AddressFamily.v4

    private static let keyBytes = Array<UInt8>(1...20)

    var plan: DecryptionPlan {
        get throws {
            let ends = family == .v4 ? "src 10.0.0.1 dst 10.0.0.2" : "src fd00::1 dst fd00::2"
            let encapsulation = port.map { "\tencap type espinudp sport \($0) dport \($0) addr 0.0.0.0\n" } ?? ""
            let text = """
                \(ends)
                \tproto esp spi 0x00000005 reqid 1 mode tunnel
                \treplay-window \(hasExtendedSequence ? "64 flag esn" : "0")
                \taead rfc4106(gcm(aes)) 0x\(Digits.hexadecimal(Self.keyBytes)) 128
                \(encapsulation)\tanti-replay esn context:
                \t seq-hi 0x\(String(highest >> 32, radix: 16)), seq 0x0, oseq-hi 0x0, oseq 0x0
                \(ends)
                \tproto esp spi 0x00000006 reqid 1 mode tunnel
                \tenc cbc(aes) 0x00
                """
            return try DecryptionPlan(
                files: [("f", EncryptionFile(parsing: text, file: "f"))], nodes: [],
                podPrefixes: [try #require(Prefix("10.244.1.0/24")), try #require(Prefix("10.244.2.0/24"))])
        }
    }

    /// The ESP packet of a number, from SPI to ICV; the inner packet is `inner`, or 40 bytes.
    func esp(_ sequence: UInt64, inner: [UInt8] = [UInt8](repeating: 9, count: 40)) throws -> [UInt8] {
        let key = try #require(AEADKey(bytes: Self.keyBytes))
        let cipher = try ESPCipher(key, extendedSequence: hasExtendedSequence)
        var packet: [UInt8] = []
        // Bytes have no padding that could be uninitialized.
        cipher.seal(
            unsafe inner.span.bytes, nextHeader: IPProtocol(rawValue: 4), spi: SPI(rawValue: 5), sequence: sequence,
            iv: sequence, into: &packet)
        return packet
    }

    /// A frame between the two nodes, or other addresses of the family.
    func frame(
        _ protocolNumber: IPProtocol, _ contents: [UInt8], from source: String? = nil, to destination: String? = nil
    ) throws -> [UInt8] {
        let (sender, receiver) = family == .v4 ? ("10.0.0.1", "10.0.0.2") : ("fd00::1", "fd00::2")
        let flow = PacketFlow(
            source: SocketAddress(try #require(IPAddress(source ?? sender)), port: 1),
            destination: SocketAddress(try #require(IPAddress(destination ?? receiver)), port: 1))
        return PacketBuilder(flow).frame(carrying: protocolNumber, contents)
    }

    /// A UDP header and what it carries.
    func udp(_ contents: [UInt8], from source: UInt16 = 4500, to destination: UInt16 = 4500) -> [UInt8] {
        Self.bytes(source) + Self.bytes(destination) + Self.bytes(UInt16(8 + contents.count)) + [0, 0] + contents
    }

    /// Cuts what follows the IP header of a packet between the nodes into fragments of so many bytes.
    func fragments(
        _ whole: [UInt8], _ protocolNumber: IPProtocol, size: Int = 96, identification: UInt16 = 7
    ) throws -> [[UInt8]] {
        try stride(from: 0, to: whole.count, by: size).map { start in
            let part = Array(whole[start..<min(start + size, whole.count)])
            let hasMore = start + size < whole.count
            switch family {
            case .v4:
                var frame = try frame(protocolNumber, part)
                frame.replaceSubrange(18..<20, with: Self.bytes(identification))
                frame.replaceSubrange(20..<22, with: Self.bytes(UInt16(start / 8) | (hasMore ? 0x2000 : 0)))
                return frame
            case .v6:
                let header =
                    [protocolNumber.rawValue, 0] + Self.bytes(UInt16(start) | (hasMore ? 1 : 0)) + [0, 0]
                    + Self.bytes(identification)
                return try frame(.fragment, header + part)
            }
        }
    }

    static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
}

/// Decrypts Ethernet frames, encrypting each again.
/// - Parameter isCut: Whether each frame had more bytes than are given.
func decrypt(_ frames: [[UInt8]], _ plan: DecryptionPlan, isCut: Bool = false) throws -> DecryptionReport {
    var decryption = Decryption(plan, verifies: true)
    for (index, frame) in frames.enumerated() {
        // Bytes have no padding that could be uninitialized.
        let bytes = unsafe frame.span.bytes
        let header = try EthernetHeader(parsing: bytes)
        let place = DecryptionReport.Place(number: UInt64(index + 1))
        if [.ipv4, .ipv6].contains(header.etherType) {
            let packet = bytes.extracting(droppingFirst: header.byteCount)
            try decryption.take(
                packet, isIPv6: header.etherType == .ipv6, originalByteCount: packet.byteCount + (isCut ? 2000 : 0),
                at: place)
        } else {
            decryption.takeOther()
        }
    }
    return decryption.finished()
}
