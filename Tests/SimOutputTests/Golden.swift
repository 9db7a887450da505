import TestSupport
import Testing

/// The directory of the package.
let packageDirectory = String(#filePath.dropLast("/Tests/SimOutputTests/Golden.swift".count))

/// Compares a text with a file in Tests/Fixtures/golden, or writes the file when UPDATE_GOLDEN=1 is set.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    guard let difference = try Golden.difference(of: text, from: name) else { return }
    Issue.record("\(difference)", sourceLocation: sourceLocation)
}
