public import Inputs

/// Runs conformance vectors against the model and the hooks.
public enum Conformance {
    /// Runs the cases of files.
    /// - Parameter required: Families of which every case must be run, but for those that state another dialect.
    /// - Throws: for a file that cannot be read, and for cases with one id.
    public static func run(files: [String], requiring required: [String] = []) throws(InputError) -> ConformanceReport {
        var cases: [ConformanceCase] = []
        for file in files { cases += try VectorFile.cases(atPath: file) }
        return try run(cases, requiring: required)
    }

    /// Runs cases that were read before.
    /// - Throws: when two cases have one id.
    public static func run(
        _ cases: [ConformanceCase], requiring required: [String] = []
    ) throws(InputError) -> ConformanceReport {
        try VectorFile.refuseDuplicates(in: cases)
        var report = ConformanceReport()
        for vector in cases { run(vector, into: &report) }
        report.unmetRequirements = unmet(required, in: cases, report)
        return report
    }

    private static func run(_ vector: ConformanceCase, into report: inout ConformanceReport) {
        if let reason = vector.skipReason {
            report.skip(vector, because: reason)
            return
        }
        guard let family = ConformanceFamily(rawValue: vector.family) else {
            report.skip(vector, because: "the family is not known here")
            return
        }
        let expected: String
        let got: String
        do {
            let differences = try family.differences(in: vector)
            if differences.isEmpty {
                report.passed.append(vector.id)
                return
            }
            expected = differences.map { "\($0.what) \($0.expected)" }.joined(separator: ", ")
            got = differences.map { "\($0.what) \($0.got)" }.joined(separator: ", ")
        } catch {
            expected = "a case that can be checked"
            got = error.onLine(vector.line).description
        }
        report.failed.append(
            ConformanceReport.Failure(id: vector.id, family: vector.family, expected: expected, got: got))
    }

    private static func unmet(
        _ required: [String], in cases: [ConformanceCase], _ report: ConformanceReport
    ) -> [String] {
        required.flatMap { family in
            guard cases.contains(where: { $0.family == family }) else { return ["no case of \(family) was found"] }
            return report.skipped.filter { $0.family == family && !$0.isOtherDialect }
                .map { "\($0.count) of \(family) skipped: \($0.reason)" }
        }
    }
}
