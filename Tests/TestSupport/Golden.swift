import Foundation

/// Texts in `Tests/Fixtures/golden` that outputs are compared with. UPDATE_GOLDEN=1 writes them anew.
public enum Golden {
    /// The directory of the package.
    private static let packageDirectory = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Compares a text with a file, or writes the file when UPDATE_GOLDEN=1 is set. The package's directory is cut out of
    /// the text.
    /// - Returns: The first difference; nil without one.
    public static func difference(of text: String, from name: String) throws -> String? {
        let text = text.replacingOccurrences(of: packageDirectory + "/", with: "")
        let url = URL(fileURLWithPath: "\(packageDirectory)/Tests/Fixtures/golden/\(name)")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try text.write(to: url, atomically: true, encoding: .utf8)
            return nil
        }
        let expected = try String(contentsOf: url, encoding: .utf8)
        guard text != expected else { return nil }
        let (new, old) = (text.split(separator: "\n"), expected.split(separator: "\n"))
        let line =
            zip(new, old).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(new.count, old.count)
        let (got, wanted) = (new.dropFirst(line).first ?? "the end", old.dropFirst(line).first ?? "the end")
        return "\(name), non-empty line \(line + 1): expected \"\(wanted)\", got \"\(got)\""
    }
}
