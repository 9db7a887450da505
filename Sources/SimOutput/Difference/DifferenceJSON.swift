public import CommandLineTool
import Inputs
import Model
import Sim

extension DifferenceReport {
    /// Everything, in the order of the text.
    public var json: JSONValue {
        let names = DifferenceNames(difference)
        return [
            "changes": .bool(!isEmpty),
            "before": Self.json(before, notesBefore),
            "after": Self.json(after, notesAfter),
            "behaviour": .string(behaviour),
            "summary": [
                "addedWorkloads": JSONValue(difference.addedWorkloads.count),
                "removedWorkloads": JSONValue(difference.removedWorkloads.count),
                "destinations": JSONValue(difference.destinations.count),
                "verdicts": JSONValue(difference.verdicts.count),
            ],
            "addedWorkloads": .array(difference.addedWorkloads.map { .string($0.uid.text) }),
            "removedWorkloads": .array(difference.removedWorkloads.map { .string($0.uid.text) }),
            "addedNodes": .array(difference.addedNodes.map(JSONValue.string)),
            "removedNodes": .array(difference.removedNodes.map(JSONValue.string)),
            "destinations": .array(
                difference.destinations.map { Self.json(DestinationPhrases(names: names, change: $0)) }),
            "verdicts": .array(difference.verdicts.map { Self.json(VerdictPhrases(names: names, change: $0)) }),
        ]
    }

    private static func json(_ files: [String], _ notes: [InputNote]) -> JSONValue {
        [
            "files": .array(files.map(JSONValue.string)),
            "notes": .array(
                notes.map { ["place": placeJSON($0.file, $0.position), "text": .string($0.text)] as JSONValue }),
        ]
    }

    private static func json(_ ports: PortSet) -> JSONValue {
        let (all, only, allBut): (Bool, [UInt16], [UInt16]) =
            switch ports {
            case .all: (true, [], [])
            case .only(let ports): (false, ports, [])
            case .allBut(let ports): (true, [], ports)
            }
        return [
            "all": .bool(all), "only": .array(only.map { JSONValue($0) }),
            "except": .array(allBut.map { JSONValue($0) }),
        ]
    }

    // MARK: Destinations

    private static func json(_ phrases: DestinationPhrases) -> JSONValue {
        let change = phrases.change
        return [
            "subjects": .array(
                change.subjects.map { subject in
                    [
                        "kind": .string(kind(subject.owner)), "name": .string(name(subject.owner)),
                        "addresses": .array(subject.addresses.map { .string("\($0)") }),
                    ]
                }),
            "ports": json(change.ports),
            "mapped": .bool(change.socket == .mapped),
            "clients": json(change.clients),
            "before": .array(change.before.entries.map(json)),
            "after": .array(change.after.entries.map(json)),
            "causes": .array(
                zip(change.causes, phrases.causes).map { cause, text in
                    // Nil is what is connected to, where it is one.
                    let object = cause.object ?? (change.subjects.count == 1 ? change.subjects[0].owner : nil)
                    return ["object": JSONValue(object.map(name)), "text": .string(text)]
                }),
        ]
    }

    private static func kind(_ object: DestinationCause.Object) -> String {
        switch object {
        case .service: "service"
        case .workload: "workload"
        case .address: "address"
        }
    }

    private static func name(_ object: DestinationCause.Object) -> String {
        switch object {
        case .service(let name): name
        case .workload(let uid): uid.text
        case .address(let address): "\(address)"
        }
    }

    private static func json(_ clients: DifferenceClients) -> JSONValue {
        switch clients {
        case .all: ["all": true, "nodes": [], "moved": []]
        case .some(let nodes, let moved):
            [
                "all": false, "nodes": .array(nodes.map(JSONValue.string)),
                "moved": .array(moved.map { .string($0.text) }),
            ]
        }
    }

    private static func json(_ entry: Ways.Entry) -> JSONValue {
        let (end, address, workload): (String, SocketAddress?, String?) =
            switch entry.way.end {
            case .asked: ("asked", nil, nil)
            case .elsewhere(let address, let uid): ("elsewhere", address, uid?.text)
            case .refused: ("refused", nil, nil)
            }
        return [
            "end": .string(end), "destination": JSONValue(address.map { "\($0)" }), "workload": JSONValue(workload),
            "waypoint": JSONValue(entry.way.waypoint.map { "\($0)" }), "reason": .string(entry.reason.rawValue),
            "share": .string("\(entry.share)"),
        ]
    }

    // MARK: Verdicts

    private static func json(_ phrases: VerdictPhrases) -> JSONValue {
        let change = phrases.change
        return [
            "sources": json(change.sources),
            "destinations": .array(change.destinations.map { .string($0.text) }),
            "families": .array(change.families.map { .string($0 == .v4 ? "IPv4" : "IPv6") }),
            "ports": json(change.ports),
            "before": json(change.before),
            "after": json(change.after),
            "causes": .array(phrases.causes.map(JSONValue.string)),
        ]
    }

    private static func json(_ sources: VerdictSources) -> JSONValue {
        guard case .some(let list) = sources else { return ["anyone": true, "list": []] }
        let items = list.map { source -> JSONValue in
            switch source {
            case .workload(let uid, let identity):
                ["workload": .string(uid.text), "principal": JSONValue(identity?.principal)]
            case .nobody(let family, let block):
                [
                    "unowned": .string(family == .v4 ? "IPv4" : "IPv6"), "block": JSONValue(block.map { "\($0)" }),
                ]
            }
        }
        return ["anyone": false, "list": .array(items)]
    }

    private static func json(_ verdict: AuthorizationVerdict) -> JSONValue {
        [
            "allowed": .bool(verdict.isAllowed), "policy": JSONValue(verdict.rule?.policy),
            "rule": verdict.rule.map { JSONValue($0.rule + 1) } ?? .null,
            "text": .string(VerdictPhrases.text(verdict)),
        ]
    }
}
