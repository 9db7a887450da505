import Foundation
import Testing

/// The directory of the package.
let packageDirectory = String(#filePath.dropLast("/Tests/SimOutputTests/Golden.swift".count))

/// Compares a text with a file in Tests/Fixtures/golden, or writes the file when UPDATE_GOLDEN=1 is set. The package's
/// directory is cut out of the text.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let text = text.replacingOccurrences(of: packageDirectory + "/", with: "")
    let url = URL(fileURLWithPath: "\(packageDirectory)/Tests/Fixtures/golden/\(name)")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try text.write(to: url, atomically: true, encoding: .utf8)
        return
    }
    let expected = try String(contentsOf: url, encoding: .utf8)
    guard text != expected else { return }
    let (new, old) = (text.split(separator: "\n"), expected.split(separator: "\n"))
    let line = zip(new, old).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(new.count, old.count)
    let (got, wanted) = (new.dropFirst(line).first ?? "the end", old.dropFirst(line).first ?? "the end")
    Issue.record(
        "\(name), non-empty line \(line + 1): expected \"\(wanted)\", got \"\(got)\"", sourceLocation: sourceLocation)
}
