import Model
import TestSupport
import Testing

@Suite struct PrefixTests {
    /// Whether the first `length` bits are the same.
    private func agree(_ a: IPAddress, _ b: IPAddress, _ length: Int) -> Bool {
        (0..<length).allSatisfy { bit in
            let difference: UInt8 = a.bytes[bit / 8] ^ b.bytes[bit / 8]
            return difference & 0x80 >> UInt8(bit % 8) == 0
        }
    }

    /// The address with one bit, counted from the front, the other way round.
    private func flipped(_ address: IPAddress, _ bit: Int) throws -> IPAddress {
        var bytes = address.bytes
        bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
        return try #require(IPAddress(bytes: bytes))
    }

    @Test(arguments: ["10.77.3.200", "255.255.255.255", "0.0.0.0", "fd12:3456:789a:bcde:f012:3456:789a:bcde", "::"])
    func eachLengthHoldsWhatAgreesInThatManyBits(text: String) throws {
        let address = try #require(IPAddress(text))
        for length in 0...address.bitCount {
            let prefix = try #require(Prefix(address, length: length))
            #expect(prefix.contains(address) && prefix.contains(prefix.network))
            for bit in 0..<address.bitCount {
                let other = try flipped(address, bit)
                #expect(prefix.contains(other) == agree(address, other, length), "/\(length), bit \(bit)")
            }
        }
        #expect(Prefix(address, length: -1) == nil && Prefix(address, length: address.bitCount + 1) == nil)
    }

    @Test func familiesNeverMatchEachOther() throws {
        let (v4, v6) = (try #require(Prefix("0.0.0.0/0")), try #require(Prefix("::/0")))
        #expect(!v4.contains(.anyV6) && !v6.contains(.anyV4) && !v4.contains(IPAddress.v4(1).mapped))
    }

    @Test(arguments: ["10.0.0.0/8", "10.1.2.3/0", "fd00::/64", "::/0", "1::/128"])
    func textLeadsBack(text: String) { #expect(Prefix(text)?.description == text) }

    @Test func anAddressAloneIsAPrefixOfFullLength() {
        #expect(Prefix("10.0.0.1")?.length == 32)
        #expect(Prefix("fd00::1")?.length == 128)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/-0", "10.0.0.0/8/8",
        "::/129", "x/8",
    ])
    func badTextIsRefused(text: String) { #expect(Prefix(text) == nil) }

    @Test(
        arguments: [
            ("10.0.0.0/32", 1), ("10.0.0.0/24", 256), ("0.0.0.0/0", 1 << 32), ("::/65", 1 << 63), ("::/64", UInt64.max),
            ("::/0", UInt64.max),
        ] as [(String, UInt64)])
    func addressesAreCounted(text: String, count: UInt64) { #expect(Prefix(text)?.addressCount == count) }
}
