/// Breaks `text` at spaces into lines of at most `width` characters; a longer word gets a line of its own.
///
/// Line breaks in `text` count as spaces.
public func wrapped(_ text: String, width: Int) -> [String] {
    wrapped(text.split { $0 == " " || $0.isNewline }.map { String($0) }, width: width)
}

/// Fills lines with `pieces`, which are never broken themselves.
public func wrapped(_ pieces: [String], width: Int) -> [String] {
    var lines: [String] = []
    for piece in pieces {
        if let last = lines.last, last.count + 1 + piece.count <= width {
            lines[lines.count - 1] += " " + piece
        } else {
            lines.append(piece)
        }
    }
    return lines
}

/// The paragraphs of `text`, which empty lines separate; each keeps its own line breaks.
public func paragraphs(_ text: String) -> [String] {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    return lines.split { $0.allSatisfy(\.isWhitespace) }.map { $0.joined(separator: "\n") }
}
