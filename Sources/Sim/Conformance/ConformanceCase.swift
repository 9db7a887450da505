public import Inputs
import Model

/// One vector: an input, and what should come of it.
public struct ConformanceCase: Sendable {
    /// Names the case in reports; no two cases of a run have the same.
    public var id: String
    /// What kind of case it is, and so who can run it.
    public var family: String
    /// One sentence for people, empty when there is none.
    public var what: String
    /// Whose behaviour the case states where sources differ; nil where they do not.
    public var dialect: String?
    /// How this project behaves in a case of another dialect, where that is said.
    public var ours: String?
    /// The preset that the case names.
    public var preset: String?
    public var input: DocumentNode?
    /// nil where each of `steps` has its own.
    public var expect: DocumentNode?
    /// A sequence of steps, nil where there is one `expect` only.
    public var steps: DocumentNode?
    /// Where the case stands.
    public var file: String
    /// From 1.
    public var line: Int

    /// Reads a case from a document.
    /// - Throws: when it is no mapping, or has no id or family; everything else is the runner's to judge.
    public init(_ node: DocumentNode, file: String, line: Int) throws(InputError) {
        var fields = try Fields(node, file: file, what: "a case")
        id = try fields.requiredString("id")
        family = try fields.requiredString("family")
        what = try fields.string("what") ?? ""
        dialect = try fields.string("dialect")
        ours = try fields.string("ours")
        preset = try fields.string("preset")
        input = fields.node("input")
        expect = fields.node("expect")
        steps = fields.node("steps")
        self.file = file
        self.line = line
    }
}

extension ConformanceCase {
    /// Whether the case states what ztunnel does and this project does not.
    public var isOtherDialect: Bool { dialect == "ztunnel" && ours == nil }

    /// Why the case is not run although its family can be, nil when it is run.
    var skipReason: String? {
        if isOtherDialect { return "what ztunnel does (dialect ztunnel)" }
        if let ours, ours != "as ztunnel" { return "\"ours\" is \"\(ours)\", which is not known" }
        return nil
    }

    /// The options that the case is about: those of the preset it names; else upstream's, and for dialects that
    /// follow Istio the hardened ones.
    func options() throws(InputError) -> DataplaneOptions {
        if let preset {
            guard let named = Preset(rawValue: preset) else { throw problem("no preset is named \"\(preset)\"") }
            return DataplaneOptions(named)
        }
        switch dialect {
        case nil, "kmesh": return .upstream
        case "istio", "ztunnel": return .hardened
        case let dialect?: throw problem("no dialect is named \"\(dialect)\"")
        }
    }

    /// The fields of the input.
    func inputFields() throws(InputError) -> Fields {
        guard let input else { throw problem("\"input\" is missing") }
        return try Fields(input, file: file, what: "\"input\"")
    }

    /// Something about the case as a whole that keeps it from being run.
    func problem(_ message: String) -> InputError {
        InputError(file, Position(line: line, column: 1), message)
    }
}
