import Inputs
import Testing

@testable import Sim

/// The vector files that come with the project.
enum Vectors {
    /// Their names without suffix, sorted.
    static let fileNames = [
        "authz-kmesh", "authz-ztunnel", "connect", "endpoints-waypoints", "ipsec", "istio-building", "locality",
        "misc-kmesh", "policy-conversion", "ports", "service-lookup", "tc-mark", "xdp-authz", "xdp-rst",
    ]

    static var paths: [String] {
        let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        return fileNames.map { "\(tests)/Fixtures/vectors/\($0).jsonl" }
    }

    /// The cases of the families that can be run here, without those of another dialect.
    static func runnable() throws -> [ConformanceCase] {
        try paths.flatMap { try VectorFile.cases(atPath: $0) }
            .filter { ConformanceFamily(rawValue: $0.family) != nil && !$0.isOtherDialect }
    }
}

/// Reads the cases of a text.
func cases(_ text: String) throws -> [ConformanceCase] {
    try VectorFile.cases(in: text, file: "vectors.jsonl")
}

/// Runs the only case of a text.
func run(_ text: String) throws -> ConformanceReport {
    try Conformance.run(cases(text))
}

extension DocumentNode {
    /// Where a value is in a document: keys of mappings, indices of lists.
    enum Step: Hashable {
        case entry(Int)
        case element(Int)
    }

    /// The value at a path of `Step`s; the path has to come from `paths`.
    subscript(path: ArraySlice<Step>) -> DocumentNode {
        switch (path.first, value) {
        case (.entry(let index)?, .mapping(let entries)): entries[index].value[path.dropFirst()]
        case (.element(let index)?, .sequence(let elements)): elements[index][path.dropFirst()]
        default: self
        }
    }

    /// The document with the value at a path replaced, or taken out for nil.
    func replacing(_ path: ArraySlice<Step>, with replacement: DocumentNode?) -> DocumentNode {
        let rest = path.dropFirst()
        switch (path.first, value) {
        case (.entry(let index)?, .mapping(var entries)):
            if rest.isEmpty, replacement == nil {
                entries.remove(at: index)
            } else {
                entries[index].value = entries[index].value.replacing(rest, with: replacement)
            }
            return DocumentNode(.mapping(entries), at: position)
        case (.element(let index)?, .sequence(var elements)):
            if rest.isEmpty, replacement == nil {
                elements.remove(at: index)
            } else {
                elements[index] = elements[index].replacing(rest, with: replacement)
            }
            return DocumentNode(.sequence(elements), at: position)
        default: return replacement ?? self
        }
    }

    /// The paths of everything in the document, the document itself last.
    var paths: [[Step]] {
        var paths: [[Step]] = []
        switch value {
        case .mapping(let entries):
            for (index, entry) in entries.enumerated() {
                paths += entry.value.paths.map { [.entry(index)] + $0 }
            }
        case .sequence(let elements):
            for (index, element) in elements.enumerated() {
                paths += element.paths.map { [.element(index)] + $0 }
            }
        case .null, .scalar: break
        }
        return paths + [[]]
    }

    /// A scalar without a place.
    static func scalar(_ text: String, isQuoted: Bool = false) -> DocumentNode {
        DocumentNode(.scalar(text, isQuoted: isQuoted), at: Position(line: 1, column: 1))
    }
}
