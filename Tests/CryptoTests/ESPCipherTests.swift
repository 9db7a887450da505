import Crypto
import Model
import TestSupport
import Testing

func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.utf8.compactMap { Digits.value(ofHexadecimal: $0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

// Bytes have no padding that could be uninitialized, here and below.
extension ESPCipher {
    func sealed(
        _ inner: [UInt8], _ nextHeader: IPProtocol = IPProtocol(rawValue: 4), spi: UInt32 = 1, sequence: UInt64,
        iv: UInt64
    ) -> [UInt8] {
        var packet: [UInt8] = []
        seal(
            unsafe inner.span.bytes, nextHeader: nextHeader, spi: SPI(rawValue: spi), sequence: sequence, iv: iv,
            into: &packet)
        return packet
    }

    func opened(_ packet: [UInt8], high: UInt32 = 0) -> Result<[UInt8], ESPFault> {
        var inner: [UInt8] = []
        do throws(ESPFault) {
            _ = try open(unsafe packet.span.bytes, sequenceHigh: high, into: &inner)
            return .success(inner)
        } catch {
            #expect(inner.isEmpty)
            return .failure(error)
        }
    }
}

struct KnownAnswer: CustomTestStringConvertible {
    let testDescription: String
    var key: String
    /// Of extended numbers 16 digits.
    var sequence: String
    var spi: UInt32
    var iv: UInt64
    /// Inner packet with padding, pad length and next header.
    var text: String
    var ciphertext: String
    var tag: String
}

/// Source: draft-mcgrew-gcm-test-01 §4; the salt stands behind the key here.
private let knownAnswers = [
    KnownAnswer(
        testDescription: "AES-128 with an extended sequence number",
        key: "4c80cdefbb5d10da906ac73c3613a634" + "2e443b68", sequence: "8765432100000000", spi: 0x4321,
        iv: 0x4956_ed7e_3b24_4cfe,
        text: "45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f7564700373"
            + "69700963796265726369747902646b000021000101020201",
        ciphertext: "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d"
            + "15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732", tag: "459018148f6cbe722fd04796562dfdb4"),
    KnownAnswer(
        testDescription: "AES-192",
        key: "feffe9928665731c6d6a8f9467308308feffe9928665731c" + "cafebabe", sequence: "0000000a", spi: 0xa5f8,
        iv: 0xface_dbad_deca_f888,
        text: "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001",
        ciphertext: "a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0315b27452144cc77",
        tag: "95457b9652037f5318027b5b4cd7a636"),
    KnownAnswer(
        testDescription: "AES-256",
        key: "abbccddef00112233445566778899aababbccddef00112233445566778899aab" + "11223344", sequence: "00000002",
        spi: 0x4a2c_bfe3, iv: 0x0102_0304_0506_0708,
        text: "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b4010104020102"
            + "0201",
        ciphertext: "ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99d"
            + "ef842d8e", tag: "b335f4eecfdbf831824b4c4915956c96"),
]

@Test(arguments: knownAnswers)
func packetsAreThoseOfThePublishedVectors(_ answer: KnownAnswer) throws {
    let isExtended = answer.sequence.count == 16
    let sequence = try #require(UInt64(answer.sequence, radix: 16))
    let key = try #require(AEADKey(bytes: bytes(answer.key)))
    let cipher = try ESPCipher(key, extendedSequence: isExtended)
    let text = bytes(answer.text)
    let inner = Array(text.dropLast(2 + Int(text[text.count - 2])))
    let nextHeader = IPProtocol(rawValue: text[text.count - 1])
    let packet = cipher.sealed(inner, nextHeader, spi: answer.spi, sequence: sequence, iv: answer.iv)
    #expect(Digits.hexadecimal(Array(packet.dropFirst(16))) == answer.ciphertext + answer.tag)
    var opened: [UInt8] = []
    let told = try cipher.open(
        unsafe packet.span.bytes, sequenceHigh: UInt32(truncatingIfNeeded: sequence >> 32), into: &opened)
    #expect(opened == inner && told == nextHeader)
    if isExtended { #expect(cipher.opened(packet, high: 0) == .failure(.badICV)) }
}

private func randomKey(_ byteCount: Int, icv: Int, _ random: inout SplitMix64) throws -> AEADKey {
    let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return try #require(AEADKey(bytes: bytes, icvByteCount: icv))
}

@Test func whatIsSealedOpensToTheSame() throws {
    var random = SplitMix64(seed: 1)
    for keyByteCount in AEADKey.byteCounts {
        for icv in AEADKey.icvByteCounts {
            let key = try randomKey(keyByteCount, icv: icv, &random)
            let cipher = try ESPCipher(key, extendedSequence: icv == 12)
            var packet: [UInt8] = []
            var opened: [UInt8] = []
            for count in 1...1500 {
                let inner = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* count) }
                let sequence = random.next()
                cipher.seal(
                    unsafe inner.span.bytes, nextHeader: IPProtocol(rawValue: 41), spi: SPI(rawValue: 7),
                    sequence: sequence,
                    iv: random.next(), into: &packet)
                #expect(packet.count == key.espByteCount(carrying: count) && (packet.count - icv).isMultiple(of: 4))
                let header = try ESPHeader(parsing: unsafe packet.span.bytes)
                #expect(header == ESPHeader(spi: SPI(rawValue: 7), sequence: UInt32(truncatingIfNeeded: sequence)))
                let next = try cipher.open(
                    unsafe packet.span.bytes, sequenceHigh: UInt32(truncatingIfNeeded: sequence >> 32), into: &opened)
                #expect(opened == inner && next == IPProtocol(rawValue: 41))
            }
        }
    }
}

@Test func aPacketWithoutAnInnerPacketHasABadTrailer() throws {
    var random = SplitMix64(seed: 2)
    let cipher = try ESPCipher(randomKey(20, icv: 16, &random), extendedSequence: false)
    #expect(cipher.opened(cipher.sealed([], sequence: 1, iv: 1)) == .failure(.badTrailer))
}

@Test func oneFlippedBitAnywhereIsABadICV() throws {
    try forEachSeed(count: 3) { seed in
        var random = SplitMix64(seed: seed)
        let key = try randomKey(random.one(of: AEADKey.byteCounts), icv: random.one(of: AEADKey.icvByteCounts), &random)
        let cipher = try ESPCipher(key, extendedSequence: random.isOneIn(2))
        let packet = cipher.sealed((0..<60).map { UInt8($0) }, spi: 1 << 8 | 1, sequence: 5, iv: random.next())
        for bit in 0..<packet.count * 8 {
            var flipped = packet
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(cipher.opened(flipped) == .failure(.badICV), "seed \(seed), bit \(bit)")
        }
        // A cipher goes on after a bad packet.
        #expect(cipher.opened(packet) == .success((0..<60).map { UInt8($0) }))
    }
}

@Test func everyShorterPacketIsRefused() throws {
    var random = SplitMix64(seed: 3)
    let cipher = try ESPCipher(randomKey(36, icv: 16, &random), extendedSequence: false)
    let packet = cipher.sealed([1, 2, 3], sequence: 5, iv: 9)
    for count in 0..<packet.count {
        let result = cipher.opened(Array(packet.prefix(count)))
        #expect(result == .failure(count < 34 ? .truncated : .badICV))
    }
    #expect(cipher.opened([0, 0, 0, 0] + packet.dropFirst(4)) == .failure(.reservedSPI))
}

@Test func whatStandsInFrontOfThePacketIsKept() throws {
    var random = SplitMix64(seed: 4)
    let cipher = try ESPCipher(randomKey(20, icv: 16, &random), extendedSequence: false)
    let alone = cipher.sealed([1, 2, 3], sequence: 5, iv: 9)
    let inner: [UInt8] = [1, 2, 3]
    var output: [UInt8] = [9, 8, 7, 6, 5]
    cipher.seal(
        unsafe inner.span.bytes, nextHeader: IPProtocol(rawValue: 4), spi: SPI(rawValue: 1), sequence: 5, iv: 9,
        into: &output, after: 3)
    #expect(output == [9, 8, 7] + alone)
}

@Test func sha512IsThatOfTheStandard() {
    // FIPS 180-4, example of one block: "abc".
    #expect(
        Digits.hexadecimal(SHA512.digest(of: Array("abc".utf8)))
            == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
}
