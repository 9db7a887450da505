/// Rows of text in aligned columns, for people to read.
public struct TextTable: Hashable, Sendable {
    /// Which side of its column a cell sits on.
    public enum Alignment: Hashable, Sendable {
        /// For words.
        case left
        /// For numbers.
        case right
    }

    /// One column.
    public struct Column: Hashable, Sendable {
        /// First line of the column, aligned like its cells.
        public let title: String
        /// Where cells sit.
        public let alignment: Alignment

        /// Declares a column, of words unless `alignment` says otherwise.
        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// In order of display.
    public let columns: [Column]
    /// Every row has one cell for each column.
    public private(set) var rows: [[String]] = []

    /// An empty table.
    public init(columns: [Column]) { self.columns = columns }

    /// Adds a row below the others.
    public mutating func append(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells for \(columns.count) columns")
        rows.append(cells)
    }

    /// Titles and rows, one line each with a newline, columns two spaces apart, no spaces at the end of a line.
    ///
    /// Width is counted in characters, so wide ones (such as Chinese) do not line up.
    public var text: String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            var line = ""
            for (column, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += column > 0 ? "  " : ""
                line += columns[column].alignment == .left ? cell + padding : padding + cell
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
