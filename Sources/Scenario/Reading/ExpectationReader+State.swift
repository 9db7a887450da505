import Inputs
import Model

extension ExpectationReader {
    /// A count, or a list of patterns.
    func reports(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> Reports {
        guard case .sequence(let elements) = node.value else {
            guard let counts = node.text.flatMap({ CountRange($0) }) else {
                throw scalar.error(node, mustBe: "a count or a list of reports")
            }
            return .count(counts)
        }
        var patterns: [ReportPattern] = []
        for element in elements { patterns.append(try report(element)) }
        return .matching(patterns)
    }

    private func report(_ node: DocumentNode) throws(InputError) -> ReportPattern {
        var section = try Section<ReportKey>(node, file: file, what: "report")
        var pattern = ReportPattern(place: section.place)
        pattern.direction = try section.choice(.direction)
        if let node = section.node(.from) { pattern.source = try section.scalar(.from).pattern(node) }
        if let node = section.node(.to) { pattern.destination = try section.scalar(.to).pattern(node) }
        if let node = section.node(.originalDestination) {
            pattern.originalDestination = try section.scalar(.originalDestination).rememberedAddress(node)
        }
        pattern.state = try section.choice(.state)
        if let node = section.node(.sent) { pattern.sent = try section.scalar(.sent).count(node) }
        if let node = section.node(.received) { pattern.received = try section.scalar(.received).count(node) }
        try section.finish()
        return pattern
    }

    /// Statements about entries by map, `count` being the number of entries.
    func maps(_ node: DocumentNode) throws(InputError) -> ExpectedMaps {
        var section = try Section<ExpectedMapsKey>(node, file: file, what: "maps")
        var result = ExpectedMaps(node: try section.name(.node), statements: [])
        for key in section.keys {
            guard case .map(let map) = key else { continue }
            for entry in try section.scalar(key).entries(section.required(key)) {
                result.statements.append(try statement(about: map, entry))
            }
        }
        try section.finish()
        guard !result.statements.isEmpty else { throw section.place.error("\"maps\" expects nothing") }
        return result
    }

    private func statement(
        about map: MapName, _ entry: DocumentNode.Entry
    ) throws(InputError) -> ExpectedMaps.Statement {
        let place = Place(file, entry.keyPosition)
        let key = Located(entry.key, at: place)
        let content: ExpectedMaps.Content
        if entry.key == Vocabulary.countKey {
            content = .count(try Scalar(entry.key, file: file).count(entry.value))
        } else if case .scalar("absent", isQuoted: false) = entry.value.value {
            content = .absent(key: key)
        } else {
            content = .entry(key: key, value: entry.value)
        }
        return ExpectedMaps.Statement(map: map, content: content, place: place)
    }
}
