public import CommandLineTool
import Model
import Sim

extension DifferenceReport {
    /// Everything, for people to read.
    public func text(_ style: Style) -> String {
        let names = DifferenceNames(difference)
        var lines = [style.bold("\(before.joined(separator: " ")) → \(after.joined(separator: " "))")]
        lines += ["  \(style.dim(behaviour))", "", headline]
        lines += nodes.map { "  \(style.dim($0))" }
        lines += section("workloads", workloadLines, style)
        lines += section(
            "destinations",
            difference.destinations.flatMap { Self.lines(DestinationPhrases(names: names, change: $0), style) },
            style)
        lines += section(
            "verdicts", difference.verdicts.flatMap { Self.lines(VerdictPhrases(names: names, change: $0), style) },
            style)
        return lines.joined(separator: "\n") + "\n"
    }

    private func section(_ title: String, _ lines: [String], _ style: Style) -> [String] {
        lines.isEmpty ? [] : ["", style.bold(title)] + lines.map { "  \($0)" }
    }

    /// Nodes whose clients are not compared.
    var nodes: [String] {
        [(difference.addedNodes, "after"), (difference.removedNodes, "before")].compactMap { nodes, when in
            guard !nodes.isEmpty else { return nil }
            let noun = nodes.count == 1 ? "node \(nodes[0]) is" : "nodes \(DifferenceNames.list(nodes)) are"
            return "\(noun) there only \(when): clients there are not compared"
        }
    }

    /// Workloads that come and go, by owner.
    var workloadLines: [String] {
        Self.byOwner(difference.addedWorkloads).map { "+ \($0)" }
            + Self.byOwner(difference.removedWorkloads).map { "− \($0)" }
    }

    private static func byOwner(_ workloads: [Workload]) -> [String] {
        var names: [String: [String]] = [:]
        for workload in workloads {
            names["\(workload.namespace)/\(workload.ownerName)", default: []].append(workload.name)
        }
        return names.sorted { $0.key < $1.key }.map { owner, pods in
            owner.hasSuffix("/\(pods[0])") && pods.count == 1
                ? owner : "\(owner): \(DifferenceNames.list(pods, most: 8))"
        }
    }

    private static func lines(_ phrases: DestinationPhrases, _ style: Style) -> [String] {
        var lines = [style.bold(phrases.subjects), "  \(phrases.ports), \(phrases.clients)"]
        for way in phrases.ways {
            let ends = DifferenceNames.list(way.ends, most: 6)
            let many = way.ends.count > 1 ? " each" : ""
            if way.after == .none {
                lines.append("    " + style.red("−") + " \(text(way.before))\(many)  \(ends)")
            } else if way.before == .none {
                lines.append("    " + style.green("+") + " \(text(way.after))\(many)  \(ends)")
            } else if way.before != way.after {
                lines.append("    ~ \(text(way.before)) → \(text(way.after))\(many)  \(ends)")
            } else {
                lines.append("    = \(text(way.after))\(many)  \(ends)")
            }
        }
        return lines + phrases.causes.map { "    because \($0)" }
    }

    private static func text(_ share: Share) -> String { share == .whole ? "all" : "\(share)" }

    private static func lines(_ phrases: VerdictPhrases, _ style: Style) -> [String] {
        let change = phrases.change
        let mark = change.after.isAllowed ? style.green("allowed now") : style.red("denied now")
        return [
            "\(style.bold(phrases.destinations)): \(mark)", "  \(phrases.ports), from \(phrases.sources)",
            "    before  \(VerdictPhrases.text(change.before))", "    after   \(VerdictPhrases.text(change.after))",
        ] + phrases.causes.map { "    because \($0)" }
    }
}
