import Inputs
import Testing

/// A mapping whose value of key n is an alias of the value before it, nested one level deeper.
private func nested(levels: Int, opening: String = "{x: ", closing: String = "}") -> String {
    let lines = (1..<levels).map { "a\($0): &a\($0) \(opening)*a\($0 - 1)\(closing)\n" }
    return "a0: &a0 1\n" + lines.joined()
}

private func parsed(_ text: String) throws(InputError) -> DocumentNode {
    var reader = DocumentReader(text: text, file: "test")
    return try reader.single()
}

@Test(arguments: [("{x: ", "}"), ("[", "]")])
func refusesAliasesThatNestTooDeep(opening: String, closing: String) {
    let error = #expect(throws: InputError.self) {
        _ = try parsed(nested(levels: 500, opening: opening, closing: closing))
    }
    #expect(error?.description.hasSuffix("nested deeper than 128 levels") ?? false)
}

@Test func countsTheLevelsThatAnAliasExpandsTo() throws {
    // The document is level 0 and its values level 1, so that 127 levels of values fit.
    _ = try parsed(nested(levels: 127))
    let error = #expect(throws: InputError.self) { _ = try parsed(nested(levels: 128)) }
    #expect(error?.description == "test:128:17: nested deeper than 128 levels")
}

@Test func refusesWhatIsWrittenTooDeep() throws {
    let text = String(repeating: "[", count: 127) + "1" + String(repeating: "]", count: 127)
    _ = try parsed(text)
    let error = #expect(throws: InputError.self) { _ = try parsed("[\(text)]") }
    #expect(error?.description == "test:1:129: nested deeper than 128 levels")
}
