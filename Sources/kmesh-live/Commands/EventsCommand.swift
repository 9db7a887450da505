import CommandLineTool
import Live
import Model

/// `kmesh-live events`
struct EventsCommand: ToolCommand {
    /// Arguments and help.
    static let declaration = Command(
        "events", summary: "Watch what the programs decide, as it happens.",
        discussion: """
            A line for each exit of a program, with the reason that the simulator would give. The programs send \
            them only while somebody watches, and one process can watch at a time. When more happens than can be \
            read, events are lost. Of xdpIngress the denials are sent, each before it is remembered for its flow; \
            the agent's log names the policy.

            Reports of connections are made where the agent runs with --metrics, --reports or --access-log.
            """,
        examples: [
            .init("kmesh-live events", "Watch every decision."),
            .init(
                "kmesh-live events --hook connect4 --reasons portNotListed,noEndpoint",
                "Watch for connections that are refused."),
            .init("kmesh-live events --hook xdpIngress", "Watch for connections to pods that policies deny."),
            .init("kmesh-live events --reports -o json --count 100", "Take the next hundred connection reports."),
        ],
        options: [
            .value("hook", "HOOK", choices: Hook.allCases.map(\.rawValue), help: "Only events of this hook."),
            .value(
                "reasons", "REASONS", arity: .repeatable,
                help: "Only events that end for one of these reasons, with commas between."),
            .flag("reports", help: "Connection reports instead of decisions."),
            .value("count", short: "n", "N", help: "End after so many."),
            .pinDirectory, .stateDirectory, .output(["text", "json"]),
        ])

    /// nil for all.
    let hook: Hook?
    /// Empty for all.
    let reasons: Set<Reason>
    let showsReports: Bool
    /// nil for no end.
    let count: Int?
    let pinDirectory: String
    let stateDirectory: String
    let isJSON: Bool

    /// Takes what was asked for from the command line.
    init(_ invocation: Invocation) throws(UsageError) {
        hook = invocation.value("hook").flatMap(Hook.init)
        reasons = try invocation.reasons()
        showsReports = invocation.flag("reports")
        count = try invocation.unsigned("count", in: 1...Int.max)
        pinDirectory = invocation.pinDirectory
        stateDirectory = invocation.stateDirectory
        isJSON = invocation.value("output") == "json"
        guard !showsReports || (hook == nil && reasons.isEmpty) else {
            throw invocation.usageError(.rule("--reports excludes --hook and --reasons, which are about decisions"))
        }
    }

    func run(on console: inout Console) throws -> ExitCode {
        let names = try PinnedNames(PinDirectory(pinDirectory), state: stateDirectory)
        var listener = try EventListener(PinDirectory(pinDirectory))
        var shown = 0
        let signals = try SignalQueue()
        while signals.next() == nil {
            for record in try listener.next() {
                guard let line = line(record, names) else { continue }
                try console.write(line + "\n")
                shown += 1
                if shown == count { return .ok }
            }
            try console.finish()
        }
        return .ok
    }

    /// The line of a record, nil for one that is not asked for.
    private func line(_ record: EventListener.Record, _ names: PinnedNames) -> String? {
        switch record {
        case .event(let event):
            guard !showsReports, hook == nil || event.hook == hook,
                reasons.isEmpty || event.reason.map(reasons.contains) ?? false
            else { return nil }
            return isJSON
                ? EventLine.json(event, names.lookup, clock: .now())
                : EventLine.text(event, names.lookup, clock: .now())
        case .report(let report):
            guard showsReports else { return nil }
            let peers = ConnectionPeers(of: report, names.lookup)
            return isJSON
                ? ConnectionReportLine.json(report, peers, clock: .now())
                : ConnectionReportLine.text(report, peers, clock: .now())
        }
    }
}

extension Invocation {
    fileprivate func reasons() throws(UsageError) -> Set<Reason> {
        var reasons: Set<Reason> = []
        for name in try list("reasons") {
            guard let reason = Reason(rawValue: name) else {
                let choices = Reason.allCases.map(\.rawValue)
                throw usageError(
                    .notAChoice(
                        of: "--reasons", value: name, suggestion: nearestName(to: name, in: choices), choices: choices))
            }
            reasons.insert(reason)
        }
        return reasons
    }
}
