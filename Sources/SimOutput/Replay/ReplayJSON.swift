public import CommandLineTool
import Model
public import Sim

extension ReplayReport {
    /// Everything that the text has, in its order.
    public func json(of sources: ReplaySources) -> JSONValue {
        [
            "captures": .array(sources.captures.map(\.json)),
            "preset": .string(sources.preset.rawValue),
            "seed": JSONValue(sources.seed),
            "leaks": .array(leaks.map(\.json)),
            "otherLeaks": otherLeaks.json,
            "dispositions": .array(dispositions.map(\.json)),
            "connections": .array(connections.map(\.json)),
            "otherConnections": [
                "flows": JSONValue(others.flows), "traffic": others.traffic.json, "leaks": JSONValue(others.leaks),
                "stopped": JSONValue(others.stopped),
            ],
            "xfrmCounters": .array(sources.counters.map(\.json)),
            "totals": [
                "read": JSONValue(sources.captures.reduce(0) { $0 + $1.packets }),
                "filtered": JSONValue(sources.captures.reduce(0) { $0 + $1.filtered }),
                "unsupported": JSONValue(sources.captures.reduce(0) { $0 + $1.unsupported }),
                "replayed": total.json, "inFlows": inFlows.json, "flows": JSONValue(flowCount),
                "mostLiveFlows": JSONValue(mostLiveFlows), "durationNanoseconds": JSONValue(durationNanoseconds),
            ],
            "notes": .array((sources.notes + notes).map(JSONValue.string)),
        ]
    }
}

extension ReplaySources.Capture {
    fileprivate var json: JSONValue {
        [
            "path": .string(path), "at": .string(vantage.text), "guess": JSONValue(guess),
            "packets": JSONValue(packets), "filtered": JSONValue(filtered),
            "unsupported": JSONValue(unsupported), "notes": .array(notes.map(JSONValue.string)),
        ]
    }
}

extension ReplaySources.Counter {
    fileprivate var json: JSONValue {
        ["node": .string(node), "counter": .string(counter.rawValue), "count": JSONValue(count)]
    }
}

extension Traffic {
    fileprivate var json: JSONValue { ["packets": JSONValue(packets), "bytes": JSONValue(bytes)] }
}

extension DispositionReason {
    /// Name and sentence.
    var json: JSONValue { ["name": .string(name), "text": .string(sentence)] }
}

extension ReplayReport.DispositionRow {
    fileprivate var json: JSONValue {
        [
            "what": .string(disposition.kind.rawValue), "why": disposition.reason.json, "traffic": traffic.json,
            "firstPackets": .array(firstPackets.map { JSONValue($0) }),
        ]
    }
}

extension ReplayReport.LeakRow {
    fileprivate var json: JSONValue {
        [
            "how": .string(leak.rawValue), "source": .string(source), "destination": .string(destination),
            "traffic": traffic.json,
            "firstPackets": .array(firstPackets.map { JSONValue($0) }),
        ]
    }
}

extension ReplayReport.ConnectionRow {
    fileprivate var json: JSONValue {
        [
            "client": .string(client),
            "requested": ["name": .string(requested), "port": JSONValue(requestedPort)],
            "protocol": JSONValue(protocolNumber.rawValue),
            "final": final.map { ["name": .string($0), "port": finalPort.map { JSONValue($0) } ?? .null] } ?? .null,
            "viaWaypoint": .bool(isViaWaypoint),
            "midCapture": .bool(isMidCapture),
            "outcome": .string(outcome.rawValue),
            "stopReason": stopReason?.json ?? .null,
            "authorization": judgement?.json ?? .null,
            "connectReason": JSONValue(connectReason?.rawValue),
            "encryption": .string(encryption.rawValue),
            "flows": JSONValue(flows),
            "traffic": traffic.json,
            "leaks": JSONValue(leaks),
            "stopped": JSONValue(stopped),
            "firstPacket": JSONValue(firstPacket),
        ]
    }
}
