public import CommandLineTool
public import Model

/// The matrix of who may connect to whom, for people and for scripts.
public struct AuthorizationMatrixReport: Sendable {
    private let matrix: AuthorizationMatrix
    private let hasDryRuns: Bool

    public init(_ matrix: AuthorizationMatrix) {
        self.matrix = matrix
        hasDryRuns = matrix.destinations.indices.contains { to in
            matrix.destinations[to].ports.indices.contains { port in
                matrix.sources.indices.contains { from in
                    let decision = matrix.decision(source: from, destination: to, port: port)
                    return decision.verdict != decision.dryRunVerdict
                }
            }
        }
    }

    private static func sourceName(_ number: Int) -> String { "S\(number + 1)" }
    private static func destinationName(_ number: Int) -> String { "D\(number + 1)" }

    // MARK: Text

    /// The classes, then a row for each class of destinations, its ports, and the sources with one outcome there.
    public func text(_ style: Style) -> String {
        var from = TextTable(columns: [.init("FROM"), .init("WHO"), .init("IDENTITIES")])
        for (number, source) in matrix.sources.enumerated() {
            let who = AuthorizationPhrases.few(AuthorizationPhrases.members(source))
            let identities = AuthorizationPhrases.few(source.identities.map(\.principal))
            from.append([
                Self.sourceName(number), AuthorizationPhrases.kind(source) + who, source.isKnown ? identities : "none",
            ])
        }
        var to = TextTable(columns: [.init("TO"), .init("WHO"), .init("POLICIES")])
        for (number, destination) in matrix.destinations.enumerated() {
            let who = AuthorizationPhrases.few(AuthorizationPhrases.members(destination))
            let policies = AuthorizationPhrases.few(destination.policies)
            to.append([
                Self.destinationName(number), AuthorizationPhrases.kind(destination) + who,
                policies.isEmpty ? "none" : policies,
            ])
        }
        return from.text + "\n" + to.text + "\n" + rows
    }

    private var rows: String {
        let titles = ["TO", "PORTS", "FROM", "VERDICT", "BY"] + (hasDryRuns ? ["WITH DRY RUNS"] : [])
        var table = TextTable(columns: titles.map { .init($0) })
        for (to, destination) in matrix.destinations.enumerated() {
            for (port, ports) in destination.ports.enumerated() {
                for (decision, sources) in outcomes(to, port) {
                    let differs = decision.verdict != decision.dryRunVerdict
                    let dryRun = differs ? AuthorizationPhrases.text(decision.dryRunVerdict) : ""
                    let cells = [
                        Self.destinationName(to), AuthorizationPhrases.ports(ports, of: destination),
                        Self.names(of: sources), AuthorizationPhrases.word(decision.verdict),
                        AuthorizationPhrases.reason(decision.verdict),
                    ]
                    table.append(cells + (hasDryRuns ? [dryRun] : []))
                }
            }
        }
        return table.text
    }

    /// Sources by what is decided about them, in the order of the first of each.
    private func outcomes(_ to: Int, _ port: Int) -> [(decision: AuthorizationMatrix.Decision, sources: [Int])] {
        var numbers: [AuthorizationMatrix.Decision: Int] = [:]
        var outcomes: [(decision: AuthorizationMatrix.Decision, sources: [Int])] = []
        for from in matrix.sources.indices where matrix.canConnect(source: from, destination: to) {
            let decision = matrix.decision(source: from, destination: to, port: port)
            if let number = numbers[decision] {
                outcomes[number].sources.append(from)
            } else {
                numbers[decision] = outcomes.count
                outcomes.append((decision, [from]))
            }
        }
        return outcomes
    }

    /// `S1-S3 S7`
    private static func names(of sources: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for source in sources {
            if let last = runs.last, last.upperBound == source - 1 {
                runs[runs.count - 1] = last.lowerBound...source
            } else {
                runs.append(source...source)
            }
        }
        return runs.map { run in
            run.count == 1 ? sourceName(run.lowerBound) : "\(sourceName(run.lowerBound))-\(sourceName(run.upperBound))"
        }.joined(separator: " ")
    }

    // MARK: For scripts

    /// The classes with all members, and a row for each pair of them and class of ports. Rules count from 1.
    public var json: JSONValue {
        let sources = matrix.sources.enumerated().map { number, source in
            Self.named(Self.sourceName(number), AuthorizationJSON.source(source))
        }
        let destinations = matrix.destinations.enumerated().map { number, destination in
            Self.named(Self.destinationName(number), AuthorizationJSON.destination(destination))
        }
        var rows: [JSONValue] = []
        forEachRow { from, to, port, decision in
            let destination = matrix.destinations[to]
            var members: [JSONValue.Member] = [
                .init("from", .string(Self.sourceName(from))), .init("to", .string(Self.destinationName(to))),
                .init("ports", .string(AuthorizationPhrases.ports(destination.ports[port], of: destination))),
            ]
            members += AuthorizationJSON.verdict(decision.verdict)
            if hasDryRuns {
                members.append(.init("withDryRuns", .object(AuthorizationJSON.verdict(decision.dryRunVerdict))))
            }
            rows.append(.object(members))
        }
        return ["sources": .array(sources), "destinations": .array(destinations), "rows": .array(rows)]
    }

    private static func named(_ name: String, _ value: JSONValue) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object([JSONValue.Member("name", .string(name))] + members)
    }

    /// A header, then the same rows, with all members of both classes in each. Lists have `; ` between.
    public var csv: CSVWriter {
        var writer = CSVWriter(
            header: [
                "from", "from_members", "from_identities", "to", "to_members", "policies", "ports", "verdict",
                "policy", "rule", "dry_run_verdict", "dry_run_policy", "dry_run_rule",
            ])
        let sources = matrix.sources.enumerated().map { number, source in
            CSVWriter.line([
                Self.sourceName(number),
                AuthorizationPhrases.kind(source) + AuthorizationPhrases.members(source).joined(separator: "; "),
                source.identities.map(\.principal).joined(separator: "; "),
            ])
        }
        let destinations = matrix.destinations.enumerated().map { number, destination in
            CSVWriter.line([
                Self.destinationName(number),
                AuthorizationPhrases.kind(destination)
                    + AuthorizationPhrases.members(destination).joined(separator: "; "),
                destination.policies.joined(separator: "; "),
            ])
        }
        forEachRow { from, to, port, decision in
            let destination = matrix.destinations[to]
            let cells = [decision.verdict, decision.dryRunVerdict].flatMap { verdict in
                [
                    AuthorizationPhrases.word(verdict), verdict.rule?.policy ?? "",
                    verdict.rule.map { "\($0.rule + 1)" } ?? "",
                ]
            }
            let ports = AuthorizationPhrases.ports(destination.ports[port], of: destination)
            writer.append(lines: [sources[from], destinations[to], CSVWriter.line([ports] + cells)])
        }
        return writer
    }

    /// Every pair of classes that can connect, by destination, its ports, and source.
    private func forEachRow(_ body: (Int, Int, Int, AuthorizationMatrix.Decision) -> Void) {
        for (to, destination) in matrix.destinations.enumerated() {
            for port in destination.ports.indices {
                for from in matrix.sources.indices where matrix.canConnect(source: from, destination: to) {
                    body(from, to, port, matrix.decision(source: from, destination: to, port: port))
                }
            }
        }
    }
}
