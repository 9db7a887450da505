public import Inputs

/// Files of conformance vectors: JSON Lines, one case a line.
public enum VectorFile {
    /// Reads the cases of a file; `-` is standard input.
    /// - Throws: for a file that cannot be read, a line that is no case, and an id that appears twice.
    public static func cases(atPath path: String) throws(InputError) -> [ConformanceCase] {
        try cases(in: TextFile.contents(ofPath: path), file: path)
    }

    /// Reads the cases of a text; `file` names it in errors. Blank lines are skipped.
    public static func cases(in text: String, file: String) throws(InputError) -> [ConformanceCase] {
        var cases: [ConformanceCase] = []
        var number = 0
        // Only these end a line: JSON strings may hold what Unicode calls a line separator.
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }) {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            do {
                var reader = DocumentReader(text: String(line), file: file)
                cases.append(try ConformanceCase(reader.single(), file: file, line: number))
            } catch {
                throw error.onLine(number)
            }
        }
        try refuseDuplicates(in: cases)
        return cases
    }

    /// - Throws: when two cases have one id, also in different files.
    static func refuseDuplicates(in cases: [ConformanceCase]) throws(InputError) {
        var first: [String: ConformanceCase] = [:]
        for vector in cases {
            if let other = first.updateValue(vector, forKey: vector.id) {
                throw vector.problem("id \"\(vector.id)\" again; it is already at \(other.file):\(other.line)")
            }
        }
    }
}

extension InputError {
    /// The same error, found while one line of a file was read by itself.
    func onLine(_ line: Int) -> InputError {
        var error = self
        error.position = Position(line: line, column: position?.column ?? 1)
        return error
    }
}
