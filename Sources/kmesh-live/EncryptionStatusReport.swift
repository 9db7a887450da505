import CommandLineTool
import Live
import Model

/// What `kmesh-live encryption status` shows.
struct EncryptionStatusReport {
    var status: EncryptionStatus
    /// Counters that are 0 too.
    var showsAll: Bool

    private var counters: [(counter: XFRMCounter, count: UInt64)] {
        XFRMCounter.allCases.compactMap { counter in
            status.counters[counter].flatMap { $0 > 0 || showsAll ? (counter, $0) : nil }
        }
    }

    /// For scripts.
    var document: JSONValue {
        [
            "agent": status.agent.map { JSONValue($0) } ?? .null, "node": .string(status.report.node),
            "spi": JSONValue(status.report.local.spi.rawValue),
            "knownSPIs": .array(status.report.knownSPIs.map { JSONValue($0.rawValue) }),
            "states": JSONValue(status.stateCount), "policies": JSONValue(status.policyCount),
            "peers": .array(status.peers.map(\.document)),
            "counters": .array(
                counters.map {
                    [
                        "name": .string($0.counter.rawValue), "count": JSONValue($0.count),
                        "meaning": .string($0.counter.meaning),
                    ]
                }),
            "interfaces": .array(
                status.exits.map {
                    [
                        "hook": .string($0.hook.rawValue), "reason": .string($0.reason.rawValue),
                        "count": JSONValue($0.count),
                    ]
                }),
            "problems": .array(status.report.problems.map { .string($0) }), "whole": .bool(status.isWhole),
        ]
    }

    /// For people.
    var text: String {
        let known = status.report.knownSPIs.map(\.description).joined(separator: ", ")
        var lines = [
            "agent     \(status.agent.map { "runs (process \($0))" } ?? "does not run")",
            "node      \(status.report.node), receives under SPI \(status.report.local.spi)",
            "keys      \(known.isEmpty ? "none" : known)",
            "kernel    \(status.stateCount) states, \(status.policyCount) policies of ours", "",
        ]
        if status.peers.isEmpty {
            lines += ["no other node is known", ""]
        } else {
            var table = TextTable(columns: [
                .init("node"), .init("SPI"), .init("stands"), .init("heard"), .init("sent to"),
                .init("received", .right),
                .init("sent", .right),
            ])
            for peer in status.peers { table.append(peer.row) }
            lines.append(table.text)
        }
        if !status.report.problems.isEmpty { lines += status.report.problems.map { "problem: \($0)" } + [""] }
        let counters = counters
        if !counters.isEmpty {
            var table = TextTable(columns: [.init("counter"), .init("count", .right), .init("what it means")])
            for (counter, count) in counters { table.append([counter.rawValue, "\(count)", counter.meaning]) }
            lines.append(table.text)
        }
        if !status.leaks.isEmpty {
            var table = TextTable(columns: [.init("at interfaces"), .init("count", .right), .init("what it means")])
            for exit in status.leaks {
                table.append(["\(exit.hook.rawValue) \(exit.reason.rawValue)", "\(exit.count)", exit.reason.sentence])
            }
            lines.append(table.text)
        }
        return lines.joined(separator: "\n")
    }
}

extension EncryptionStatus.Peer {
    fileprivate var row: [String] {
        [
            node, info.spi.description, standing.rawValue, isHeard ? "yes" : "no", sending.rawValue,
            "\(receivedCount)", "\(sentCount)",
        ]
    }

    fileprivate var document: JSONValue {
        [
            "node": .string(node), "spi": JSONValue(info.spi.rawValue), "standing": .string(standing.rawValue),
            "addresses": .array(info.addresses.map { .string($0.description) }),
            "podCIDRs": .array(info.podPrefixes.map { .string($0.description) }), "heard": .bool(isHeard),
            "sending": .string(sending.rawValue), "receivedPackets": JSONValue(receivedCount),
            "sentPackets": JSONValue(sentCount),
        ]
    }
}
