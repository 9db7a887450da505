public import CommandLineTool
import Model
public import Sim

/// What a decryption has found, for people and for scripts. Leaks come first, then other failures, then each state.
public struct DecryptionOutput: Sendable {
    let report: DecryptionReport
    /// Names of the captures, in the order of their indexes.
    let captures: [String]
    /// What was left out of the inputs.
    let notes: [String]
    /// Whether all packets of the captures could be read.
    let isComplete: Bool

    /// More failures are not told one by one in the text.
    static let listedFailureLimit = 20

    public init(_ report: DecryptionReport, captures: [String], notes: [String], isComplete: Bool) {
        self.report = report
        self.captures = captures
        self.notes = notes
        self.isComplete = isComplete
    }

    /// Whether everything was read, and nothing failed.
    public var isSuccess: Bool { report.isSuccess && isComplete }

    // MARK: Text

    public func text(_ style: Style) -> String {
        var sections: [String] = []
        if !report.leaks.isEmpty { sections.append(leakText(style)) }
        if !listedFailures.isEmpty { sections.append(failureText(style)) }
        if !report.copies.isEmpty { sections.append(copyText) }
        if !report.associations.isEmpty { sections.append(associationText) }
        if !report.strangers.isEmpty { sections.append(strangerText) }
        sections.append(totalText(style))
        return sections.joined(separator: "\n")
    }

    private func leakText(_ style: Style) -> String {
        let title = "\(counted(report[.leak], "packet")) in clear between pods of different nodes"
        return ([style.red(title)] + report.leaks.map(line)).joined(separator: "\n") + "\n"
    }

    private var copyText: String {
        let title =
            "\(counted(report[.copy], "packet")) in clear right after the ESP packet with the same contents: on a node's "
            + "own interface as it should be, anywhere else a leak"
        return ([title] + report.copies.map(line)).joined(separator: "\n") + "\n"
    }

    private func line(_ packets: DecryptionReport.ClearPackets) -> String {
        "  \(packets.source) → \(packets.destination): \(counted(packets.packetCount, "packet")), "
            + "\(counted(packets.byteCount, "byte")), the first is \(place(packets.first))"
    }

    /// But for those that have a table of their own.
    private var listedFailures: [DecryptionReport.Failure] {
        report.failures.filter { $0.kind != .unknownSPI && $0.kind != .foreign }
    }

    private func failureText(_ style: Style) -> String {
        let total = report.failureCount - report[.leak] - report[.unknownSPI] - report[.foreign]
        let title = "\(counted(total, "packet")) not as it should be".replacingPlural(total)
        var lines = listedFailures.prefix(Self.listedFailureLimit).map { failure in
            "  \(place(failure.place)): \(failure.kind.rawValue), \(Self.tunnel(failure))" + Self.detail(failure)
        }
        let told = listedFailures.prefix(Self.listedFailureLimit).reduce(0) { $0 + $1.packetCount }
        let rest = total - min(total, told)
        if rest > 0 { lines.append("  and \(rest) more") }
        return ([style.red(title)] + lines).joined(separator: "\n") + "\n"
    }

    private static func detail(_ failure: DecryptionReport.Failure) -> String {
        let count = failure.packetCount > 1 ? counted(failure.packetCount, "fragment") : ""
        let details = [count, failure.detail].filter { !$0.isEmpty }
        return details.isEmpty ? "" : " (\(details.joined(separator: ": ")))"
    }

    private static func tunnel(_ failure: DecryptionReport.Failure) -> String {
        let spi = failure.spi.map { ", SPI \($0)" } ?? ""
        let sequence = failure.sequence.map { ", sequence \($0)" } ?? ""
        return "\(failure.source) → \(failure.destination)\(spi)\(sequence)"
    }

    private func place(_ place: DecryptionReport.Place) -> String {
        captures.count > 1 ? "packet \(place.number) of \(captures[place.capture])" : "packet \(place.number)"
    }

    private var associationText: String {
        var table = TextTable(columns: [
            .init("source"), .init("destination"), .init("SPI"), .init("packets", .right), .init("bytes", .right),
            .init("first", .right), .init("last", .right), .init("replays", .right), .init("bad ICV", .right),
            .init("gaps"),
        ])
        for state in report.associations {
            table.append([
                "\(state.source)", "\(state.destination)", "\(state.spi)", "\(state.packetCount)",
                "\(state.byteCount)", Self.number(state.numbers.first), Self.number(state.numbers.last),
                "\(state.replayCount)", "\(state.badICVCount)", Self.gapText(state.numbers),
            ])
        }
        let accepting = report.associations.filter { $0.replayCount > 0 && $0.replayWindow == 0 }
        let lines = accepting.map { state in
            "\(state.source) → \(state.destination), SPI \(state.spi): no listed state has a replay window, so that "
                + "replays are accepted\n"
        }
        return table.text + lines.joined()
    }

    private static func gapText(_ numbers: SequenceSet) -> String {
        let gaps = numbers.gaps
        var texts = gaps.prefix(8).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
        if gaps.count > 8 { texts.append("and \(gaps.count - 8) more") }
        if numbers.forgottenCount > 0 { texts.append("\(numbers.forgottenCount) early numbers") }
        return texts.joined(separator: ", ")
    }

    private var strangerText: String {
        var table = TextTable(columns: [
            .init("source"), .init("destination"), .init("SPI"), .init("packets", .right), .init("bytes", .right),
            .init("first", .right), .init("last", .right), .init("why it stays closed"),
        ])
        for stranger in report.strangers {
            table.append([
                "\(stranger.source)", "\(stranger.destination)", "\(stranger.spi)", "\(stranger.packetCount)",
                "\(stranger.byteCount)", "\(stranger.firstSequence)", "\(stranger.lastSequence)",
                stranger.reason ?? "no state has this destination and SPI",
            ])
        }
        return table.text
    }

    private func totalText(_ style: Style) -> String {
        var table = TextTable(columns: [.init("packets", .right), .init("what they are")])
        for kind in DecryptionReport.Kind.allCases where report[kind] > 0 {
            table.append(["\(report[kind])", kind.rawValue])
        }
        table.append(["\(report.packetCount)", "read"])
        let failed = report.isSuccess ? "nothing failed" : "\(counted(report.failureCount, "packet")) failed"
        let verdict = isComplete ? failed : failed + " of what could be read"
        return table.text + (isSuccess ? style.green(verdict) : style.red(verdict)) + "\n"
    }

    static func number(_ number: UInt64?) -> String { number.map { "\($0)" } ?? "" }

    // MARK: CSV

    /// A row for each pair of addresses in clear, state and unknown SPI, and one for all.
    public var csv: String {
        var table = CSVWriter(header: [
            "row", "source", "destination", "spi", "packets", "bytes", "decrypted", "first", "last", "gaps", "replays",
            "bad_icv", "different", "note",
        ])
        for (row, packets) in [("leak", report.leaks), ("copy", report.copies)] {
            for pair in packets { table.append(lines: [line(pair, of: row)]) }
        }
        for state in report.associations {
            let gaps = state.numbers.gaps.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
            table.append(lines: [
                CSVWriter.line([
                    "state", "\(state.source)", "\(state.destination)", "\(state.spi)", "\(state.packetCount)",
                    "\(state.byteCount)", "\(state.decryptedCount)", Self.number(state.numbers.first),
                    Self.number(state.numbers.last), gaps, "\(state.replayCount)", "\(state.badICVCount)",
                    "\(state.differentCount)", "",
                ])
            ])
        }
        for stranger in report.strangers {
            table.append(lines: [
                CSVWriter.line([
                    "unknown", "\(stranger.source)", "\(stranger.destination)", "\(stranger.spi)",
                    "\(stranger.packetCount)", "\(stranger.byteCount)", "0", "\(stranger.firstSequence)",
                    "\(stranger.lastSequence)", "", "", "", "", stranger.reason ?? "",
                ])
            ])
        }
        let replays = report.associations.reduce(0) { $0 + $1.replayCount }
        table.append(lines: [
            CSVWriter.line([
                "total", "", "", "", "\(report.packetCount)", "", "\(report[.decrypted])", "", "", "", "\(replays)",
                "\(report[.badICV])", "\(report[.different])", "",
            ])
        ])
        return table.text
    }

    private func line(_ packets: DecryptionReport.ClearPackets, of row: String) -> String {
        CSVWriter.line([
            row, "\(packets.source)", "\(packets.destination)", "", "\(packets.packetCount)", "\(packets.byteCount)",
            "",
            "", "", "", "", "", "", "first: \(place(packets.first))",
        ])
    }
}

/// A number with its noun.
func counted(_ count: UInt64, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension String {
    /// "as it should be" of one, "as they should be" of several.
    fileprivate func replacingPlural(_ count: UInt64) -> String {
        count == 1 || !hasSuffix("it should be") ? self : dropLast("it should be".count) + "they should be"
    }
}
