import Model
import TestSupport
import Testing

@Suite struct IPAddressTests {
    /// RFC 5952 §4 and what goes with it: text, and its canonical form.
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.1.2.3", "10.1.2.3"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),  // one zero group is not shortened
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),  // the longest run
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),  // the first of equal runs
        ("2001:DB8::A", "2001:db8::a"),  // lower case
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("::ffff:a00:1", "::ffff:10.0.0.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func textIsReadAndWrittenInCanonicalForm(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4", "1.2.3.-4", "1.2.3.4 ", "1..3.4",
        "a.b.c.d",
        "1.2.3.4/8", "1.2.3.0004", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8",
        "12345::",
        "::g", "fe80::1%eth0", "[::1]", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        "::+1",
    ])
    func badTextIsRefused(text: String) { #expect(IPAddress(text) == nil) }

    @Test func textAndBytesLeadBack() {
        forEachSeed(count: 2000) { seed in
            var random = SplitMix64(seed: seed)
            // Many zero groups, so that every shape of `::` comes up.
            func half() -> UInt64 {
                (0..<4).reduce(0) { half, _ in half << 16 | (random.isOneIn(2) ? 0 : random.next() & 0xffff) }
            }
            let address = random.isOneIn(4) ? IPAddress.v4(random.draw()) : .v6(high: half(), low: half())
            #expect(IPAddress(address.description) == address, "seed \(seed)")
            #expect(IPAddress(bytes: address.bytes) == address, "seed \(seed)")
            #expect(address.bytes.count * 8 == address.bitCount, "seed \(seed)")
        }
    }

    @Test func onlyFourOrSixteenBytesAreAnAddress() {
        for count in 0...20 where count != 4 && count != 16 {
            #expect(IPAddress(bytes: [UInt8](repeating: 1, count: count)) == nil)
        }
    }

    @Test func mappedAddressesUnmap() throws {
        let v4 = IPAddress.v4(0x0A00_0001)
        #expect(v4.mapped == IPAddress("::ffff:10.0.0.1"))
        #expect(v4.mapped.isMapped && v4.mapped.unmapped == v4 && v4.unmapped == v4 && !v4.isMapped)
        for text in ["::10.0.0.1", "::fffe:10.0.0.1", "1::ffff:10.0.0.1", "::1:ffff:10.0.0.1"] {
            let other = try #require(IPAddress(text))
            #expect(!other.isMapped && other.unmapped == other && other.mapped == other)
        }
    }

    @Test(
        arguments: [
            ("10.0.0.255", 1, "10.0.1.0"), ("255.255.255.255", 1, "0.0.0.0"), ("::ffff:ffff:ffff:ffff", 1, "0:0:0:1::"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2, "::1"), ("fd00::1", 0, "fd00::1"),
        ] as [(String, UInt64, String)])
    func advancingCarriesAndWraps(start: String, offset: UInt64, end: String) {
        #expect(IPAddress(start)?.advanced(by: offset) == IPAddress(end))
    }

    @Test func orderIsByFamilyThenNumber() {
        let sorted = ["0.0.0.0", "9.0.0.0", "10.0.0.0", "::", "::2", "1::", "1::1"].compactMap { IPAddress($0) }
        #expect(sorted.reversed().sorted() == sorted)
        #expect(IPAddress.anyV4.isUnspecified && IPAddress.anyV6.isUnspecified && !sorted[1].isUnspecified)
    }
}
