import Inputs
import Testing

/// A document, a patch and what comes of it, written as JSON.
struct MergeCase: CustomTestStringConvertible, Sendable {
    var original: String
    var patch: String
    var result: String

    init(_ original: String, _ patch: String, _ result: String) {
        self.original = original
        self.patch = patch
        self.result = result
    }

    var testDescription: String { "\(original) with \(patch)" }
}

/// The node as compact JSON, scalars without quotes.
private func text(_ node: DocumentNode) -> String {
    switch node.value {
    case .null: "null"
    case .scalar(let text, _): text
    case .sequence(let elements): "[" + elements.map(text).joined(separator: ",") + "]"
    case .mapping(let entries): "{" + entries.map { "\($0.key):\(text($0.value))" }.joined(separator: ",") + "}"
    }
}

private func parsed(_ text: String) throws -> DocumentNode {
    var reader = DocumentReader(text: text, file: "test")
    return try reader.single()
}

// The cases of RFC 7386, appendix A, whose documents are mappings.
@Test(arguments: [
    MergeCase(#"{"a":"b"}"#, #"{"a":"c"}"#, "{a:c}"),
    MergeCase(#"{"a":"b"}"#, #"{"b":"c"}"#, "{a:b,b:c}"),
    MergeCase(#"{"a":"b"}"#, #"{"a":null}"#, "{}"),
    MergeCase(#"{"a":"b","b":"c"}"#, #"{"a":null}"#, "{b:c}"),
    MergeCase(#"{"a":["b"]}"#, #"{"a":"c"}"#, "{a:c}"),
    MergeCase(#"{"a":"c"}"#, #"{"a":["b"]}"#, "{a:[b]}"),
    MergeCase(#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, "{a:{b:d}}"),
    MergeCase(#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, "{a:[1]}"),
    MergeCase(#"{"e":null}"#, #"{"a":1}"#, "{e:null,a:1}"),
    MergeCase(#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, "{a:{bb:{}}}"),
])
func mergesAsTheRFCSays(_ c: MergeCase) throws {
    #expect(text(try parsed(c.original).merged(with: parsed(c.patch))) == c.result)
}
