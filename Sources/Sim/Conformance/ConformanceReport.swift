/// What came of a run of conformance vectors.
public struct ConformanceReport: Hashable, Sendable {
    /// A case that does not hold, or could not be run or checked.
    public struct Failure: Hashable, Sendable {
        public var id: String
        public var family: String
        public var expected: String
        public var got: String
    }

    /// Cases of one family that were not run, for one reason.
    public struct Skip: Hashable, Sendable {
        public var family: String
        public var reason: String
        /// In the order of the files.
        public var ids: [String]
        /// Whether the cases state what another implementation does and this one does not.
        public var isOtherDialect: Bool

        /// How many cases.
        public var count: Int { ids.count }
    }

    /// Ids of the cases that hold, in the order of the files.
    public internal(set) var passed: [String] = []
    /// In the order of the files.
    public internal(set) var failed: [Failure] = []
    /// In the order in which family and reason first appear.
    public internal(set) var skipped: [Skip] = []
    /// Required families that were not run as required, one sentence each.
    public internal(set) var unmetRequirements: [String] = []

    /// How many cases were skipped.
    public var skippedCount: Int { skipped.reduce(0) { $0 + $1.count } }
    /// Whether no case failed, and every required family was run.
    public var isSuccess: Bool { failed.isEmpty && unmetRequirements.isEmpty }

    mutating func skip(_ vector: ConformanceCase, because reason: String) {
        if let index = skipped.firstIndex(where: { $0.family == vector.family && $0.reason == reason }) {
            skipped[index].ids.append(vector.id)
            return
        }
        skipped.append(
            Skip(
                family: vector.family, reason: reason, ids: [vector.id], isOtherDialect: vector.isOtherDialect))
    }
}

extension ConformanceReport {
    /// A line for each failure, for each reason to skip cases of a family, and for each requirement that is not met;
    /// then a summary. Ends with a newline.
    public var text: String {
        var lines = failed.map { failure in
            "FAIL \(failure.id) (\(failure.family)): expected \(Self.oneLine(failure.expected)); got "
                + Self.oneLine(failure.got)
        }
        lines += skipped.map { "skip \($0.family): \($0.count) \($0.count == 1 ? "case" : "cases"): \($0.reason)" }
        lines += unmetRequirements.map { "FAIL required: \($0)" }
        lines.append(summary)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The counts, and how sure the comparison of shares is.
    public var summary: String {
        "\(passed.count) passed, \(failed.count) failed, \(skippedCount) skipped; shares of repeated connects by a "
            + "chi-square test, significance \(Homogeneity.significance) a case"
    }

    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
