import Model
import Testing

@Suite struct DigitsTests {
    @Test(arguments: [("0", 0), ("007", 7), ("65535", 65535)] as [(String, UInt16)])
    func decimalDigitsAreANumber(text: String, number: UInt16) { #expect(Digits.decimal(text) == number) }

    @Test(arguments: ["", "+1", "-0", "-1", " 1", "1 ", "0x1", "65536", "\u{661}"])
    func nothingElseIs(text: String) { #expect(Digits.decimal(text, as: UInt16.self) == nil) }

    @Test func hexadecimalLeadsBack() {
        for byte in UInt8.min...UInt8.max {
            let (high, low) = Digits.hexadecimal(of: byte)
            let text = String(decoding: [high, low], as: UTF8.self)
            #expect(UInt8(text, radix: 16) == byte && text == text.lowercased())
            for digit in [text, text.uppercased()].flatMap({ Array($0.utf8) }) {
                let character = String(decoding: [digit], as: UTF8.self)
                #expect(Digits.value(ofHexadecimal: digit) == UInt8(character, radix: 16))
            }
        }
        #expect("/:@G`g".utf8.allSatisfy { Digits.value(ofHexadecimal: $0) == nil })
    }
}
