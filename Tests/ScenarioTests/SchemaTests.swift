import Inputs
import Scenario
import Testing

/// `docs/scenario.schema.json` of this checkout.
private func schema() throws -> DocumentNode {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    var reader = try DocumentReader(path: "/\(root)/docs/scenario.schema.json")
    return try reader.single()
}

private func texts(_ node: DocumentNode?) -> [String] { node?.elements?.compactMap(\.text) ?? [] }

@Test func schemaHasTheKeysOfTheReader() throws {
    let definitions = try #require(try schema()["$defs"])
    for (name, keys) in Vocabulary.mappings {
        let definition = try #require(definitions[name], "\(name) is missing")
        let listed = definition["properties"]?.entries?.map(\.key) ?? []
        #expect(listed.sorted() == keys.sorted(), "\(name)")
        #expect(definition["additionalProperties"]?.boolean == false || name == "expectedEntries", "\(name) is open")
    }
}

@Test func schemaHasNoMappingThatTheReaderDoesNotKnow() throws {
    let definitions = try #require(try schema()["$defs"]?.entries)
    let known = Vocabulary.mappings.map(\.name)
    let mappings = definitions.filter { $0.value["properties"] != nil }.map(\.key)
    #expect(mappings.sorted() == known.sorted())
}

@Test func schemaHasTheChoicesOfTheReader() throws {
    let definitions = try #require(try schema()["$defs"])
    for (name, words) in Vocabulary.choices {
        #expect(texts(definitions[name]?["enum"]) == words, "\(name)")
    }
    let choices = definitions.entries?.filter { $0.value["enum"] != nil }.map(\.key) ?? []
    #expect(choices.sorted() == Vocabulary.choices.map(\.name).sorted())
}

@Test func schemaAllowsOneStepAtATime() throws {
    let definitions = try #require(try schema()["$defs"])
    let alternatives = definitions["step"]?["oneOf"]?.elements?.compactMap { texts($0["required"]).first }
    #expect(alternatives == Step.Kind.allCases.map(\.rawValue))
}

@Test func schemaRefersOnlyToWhatItDefines() throws {
    let schema = try schema()
    for reference in references(in: schema) {
        var node: DocumentNode? = schema
        for part in reference.split(separator: "/").dropFirst() { node = node?[String(part)] }
        #expect(node != nil, "\(reference)")
    }
}

private func references(in node: DocumentNode) -> [String] {
    switch node.value {
    case .mapping(let entries):
        entries.flatMap { entry in
            (entry.key == "$ref" ? [entry.value.text].compactMap { $0 } : []) + references(in: entry.value)
        }
    case .sequence(let elements): elements.flatMap(references(in:))
    case .null, .scalar: []
    }
}

@Test func mapsAreTheSameInWritesAndExpectations() throws {
    let keys = Dictionary(uniqueKeysWithValues: Vocabulary.mappings.map { ($0.name, $0.keys) })
    #expect(keys["expectedMaps"] == ["node"] + MapName.allCases.map(\.rawValue))
    #expect(keys["step"] == Step.Kind.allCases.map(\.rawValue) + ["expect", "note"])
}
