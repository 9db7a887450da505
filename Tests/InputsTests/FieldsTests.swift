import Inputs
import Testing

@Test func namesEachKnownKeyOnce() throws {
    var reader = DocumentReader(text: "zebra: 1", file: "test")
    var fields = try Fields(reader.single(), file: "test", what: "it")
    _ = fields.has("name")
    _ = try fields.string("name")
    _ = try fields.string("kind")
    let error = #expect(throws: InputError.self) { try fields.finish() }
    #expect(error?.description == "test:1:1: unknown key \"zebra\"; known here: name, kind")
}
