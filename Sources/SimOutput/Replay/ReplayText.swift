public import CommandLineTool
import Model
public import Sim

/// A replay's report for people: leaks and drops first, then connections, then totals.
public struct ReplayText: Sendable {
    private let sources: ReplaySources
    private let report: ReplayReport
    private let style: Style

    public init(_ report: ReplayReport, of sources: ReplaySources, style: Style) {
        self.report = report
        self.sources = sources
        self.style = style
    }

    /// Everything.
    public var text: String {
        ([head, leaks, drops, connections, counters, totals] + (notes.isEmpty ? [] : [notes])).filter { !$0.isEmpty }
            .joined(separator: "\n")
    }

    private var head: String {
        let files = sources.captures.map { capture in
            let guess = capture.guess.map { ", guessed: \($0)" } ?? ""
            return "\(style.bold(capture.path)), taken \(capture.vantage.sentence)\(guess)\n"
        }
        return files.joined() + "preset \(sources.preset.rawValue), seed \(sources.seed)\n"
    }

    // MARK: What went wrong

    private var leaks: String {
        let kinds = Leak.allCases.filter { kind in report.leaks.contains { $0.leak == kind } }
        return kinds.map { kind in
            let phrase = kind.phrase.prefix(1).uppercased() + kind.phrase.dropFirst()
            return style.red(phrase) + "\n" + table(of: kind, withOthers: kind == kinds.last).text
        }.joined(separator: "\n")
    }

    private func table(of kind: Leak, withOthers: Bool) -> TextTable {
        var table = TextTable(columns: [
            .init("PACKETS", .right), .init("BYTES", .right), .init("FROM"), .init("TO"), .init("FIRST PACKETS"),
        ])
        for row in report.leaks where row.leak == kind {
            table.append([
                "\(row.traffic.packets)", "\(row.traffic.bytes)", row.source, row.destination,
                ReplayPhrases.numbers(row.firstPackets, of: row.traffic.packets),
            ])
        }
        if withOthers, report.otherLeaks.packets > 0 {
            table.append(["\(report.otherLeaks.packets)", "\(report.otherLeaks.bytes)", "others", "", ""])
        }
        return table
    }

    private var drops: String {
        guard !report.drops.isEmpty else { return "" }
        return style.red("Dropped, reset, refused") + "\n" + table(report.drops).text
    }

    private func table(_ rows: [ReplayReport.DispositionRow]) -> TextTable {
        var table = TextTable(columns: [
            .init("PACKETS", .right), .init("BYTES", .right), .init("WHAT"), .init("FIRST PACKETS"), .init("WHY"),
        ])
        for row in rows {
            table.append([
                "\(row.traffic.packets)", "\(row.traffic.bytes)", ReplayPhrases.text(row.disposition.kind),
                ReplayPhrases.numbers(row.firstPackets, of: row.traffic.packets),
                ReplayPhrases.text(row.disposition.reason),
            ])
        }
        return table
    }

    // MARK: Connections

    private var connections: String {
        guard !report.connections.isEmpty else { return "" }
        let isEncrypted = report.connections.contains { $0.encryption != .none }
        var table = TextTable(
            columns: [
                .init("FLOWS", .right), .init("PACKETS", .right), .init("BYTES", .right), .init("FROM"),
                .init("ASKED FOR"),
                .init("WENT TO"), .init("VERDICT"),
            ] + (isEncrypted ? [.init("BETWEEN NODES")] : []))
        for row in report.connections {
            let name = row.protocolNumber == .tcp ? "" : " (\(row.protocolNumber.name))"
            var cells = [
                "\(row.flows)", "\(row.traffic.packets)", "\(row.traffic.bytes)", row.client,
                ReplayPhrases.requested(row) + name, ReplayPhrases.final(row), ReplayPhrases.verdict(row),
            ]
            if isEncrypted { cells.append(ReplayPhrases.encryption(row)) }
            table.append(cells)
        }
        if report.others.flows > 0 {
            let others = report.others
            let cells = [
                "\(others.flows)", "\(others.traffic.packets)", "\(others.traffic.bytes)", "others", "", "", "",
            ]
            table.append(cells + (isEncrypted ? [""] : []))
        }
        return style.bold("Connections") + "\n" + table.text
    }

    // MARK: Totals

    private var counters: String {
        guard !sources.counters.isEmpty else { return "" }
        var table = TextTable(columns: [.init("COUNT", .right), .init("COUNTER"), .init("NODE")])
        for row in sources.counters { table.append(["\(row.count)", row.counter.rawValue, row.node]) }
        return style.bold("Counted in /proc/net/xfrm_stat") + "\n" + table.text
    }

    private var totals: String {
        var table = TextTable(columns: [
            .init("PACKETS", .right), .init("BYTES", .right), .init("WHAT"), .init("WHY"),
        ])
        let filtered = sources.captures.reduce(0) { $0 + $1.filtered }
        if filtered > 0 { table.append(["\(filtered)", "", "filtered out", ""]) }
        let unsupported = sources.captures.reduce(0) { $0 + $1.unsupported }
        if unsupported > 0 { table.append(["\(unsupported)", "", "of an unsupported link type", ""]) }
        for row in report.dispositions {
            table.append([
                "\(row.traffic.packets)", "\(row.traffic.bytes)", ReplayPhrases.text(row.disposition.kind),
                row.disposition.reason.sentence,
            ])
        }
        table.append(["\(report.total.packets + filtered + unsupported)", "\(report.total.bytes)", "all", ""])
        let flows = counted(report.flowCount, "flow")
        return style.bold("Totals") + "\n" + table.text
            + "\(flows) in \(ReplayText.seconds(report.durationNanoseconds)), most at once \(report.mostLiveFlows)\n"
    }

    /// Seconds with three digits behind the point.
    private static func seconds(_ nanoseconds: UInt64) -> String {
        let milliseconds = nanoseconds / 1_000_000
        let fraction = "\(milliseconds % 1000)"
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) s"
    }

    private var notes: String {
        let files = sources.captures.flatMap { capture in capture.notes.map { "\(capture.path): \($0)" } }
        return (files + sources.notes + report.notes).map { "note: \($0)\n" }.joined()
    }
}
