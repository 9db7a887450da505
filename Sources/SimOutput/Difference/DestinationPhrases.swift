import Model
import Sim

/// A change of destination in words.
struct DestinationPhrases {
    let names: DifferenceNames
    let change: DestinationChange

    /// What is connected to: `service a/b (10.96.0.1)`; of many the first few.
    var subjects: String {
        let texts = change.subjects.map { subject in
            guard subject.owner != .address(subject.addresses[0]) else { return names.kindAndName(subject.owner) }
            return "\(names.kindAndName(subject.owner)) (\(DifferenceNames.list(subject.addresses.map(\.description))))"
        }
        return DifferenceNames.list(texts)
    }

    var ports: String {
        change.socket == .any ? change.ports.text : "\(change.ports.text) as IPv4-mapped"
    }

    /// `from everywhere`, `from node-a and node-b`.
    var clients: String {
        switch change.clients {
        case .all: return "from everywhere"
        case .some(let nodes, let moved):
            let places = nodes.isEmpty ? [] : [DifferenceNames.list(nodes)]
            let movers =
                moved.isEmpty ? [] : ["\(names.workloads(moved)), which \(moved.count == 1 ? "moves" : "move")"]
            return "from " + (places + movers).joined(separator: ", and from ")
        }
    }

    /// Ways whose shares are the same before and after, and where they end.
    struct WayLine {
        var before: Share
        var after: Share
        var ends: [String]
    }

    /// Ways that are lost, then those that are new, then those that others share differently, then those that stay.
    var ways: [WayLine] {
        var lines: [WayLine] = []
        for way in Set(change.before.entries.map(\.way) + change.after.entries.map(\.way)).sorted() {
            let (before, after) = (change.before.share(of: way), change.after.share(of: way))
            let isAfter = after != .none
            let reason = (isAfter ? change.after : change.before).entries.first { $0.way == way }?.reason ?? .none
            let end = text(of: way, reason, isAfter: isAfter)
            if let place = lines.firstIndex(where: { $0.before == before && $0.after == after }) {
                lines[place].ends.append(end)
            } else {
                lines.append(WayLine(before: before, after: after, ends: [end]))
            }
        }
        func rank(_ line: WayLine) -> Int {
            line.after == .none ? 0 : line.before == .none ? 1 : line.before != line.after ? 2 : 3
        }
        return lines.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    private func text(of way: Way, _ reason: Reason, isAfter: Bool) -> String {
        let end =
            switch way.end {
            case .asked: "the address as asked (\(reason.rawValue): \(reason.sentence))"
            case .elsewhere(let address, let uid):
                uid.map { "\(names.workload($0)):\(address.port)" } ?? names.address(address, isAfter: isAfter)
            case .refused(let reason): "refused (\(reason.rawValue): \(reason.sentence))"
            }
        return way.waypoint.map { "\(end) through waypoint \(names.address($0, isAfter: isAfter))" } ?? end
    }

    /// One side in a few words: `3 ends, 1/3 each`, or the only end.
    func summary(isAfter: Bool) -> String {
        let ways = isAfter ? change.after : change.before
        let texts = ways.entries.map { entry in
            let share = entry.share == .whole ? "" : "\(entry.share) "
            return share + text(of: entry.way, entry.reason, isAfter: isAfter)
        }
        return DifferenceNames.list(texts, most: 3)
    }

    /// Every cause, as clauses.
    var causes: [String] { change.causes.map(text) }

    private func text(of cause: DestinationCause) -> String {
        let subject = cause.object.map(names.kindAndName) ?? (change.subjects.count == 1 ? "it" : "each")
        switch cause.change {
        case .added: return "\(subject) is new"
        case .removed: return "\(subject) is gone"
        case .addressGained: return "\(subject) has the address now"
        case .addressLost: return "\(subject) has the address no more"
        case .published: return "\(subject) is in the maps now"
        case .withdrawn: return "\(subject) is in the maps no more: the waypoint that it names is not known"
        case .waypoint(let before, let after): return "\(subject) " + waypoint(before, after)
        case .balancing(let before, let after): return "\(subject) is balanced by \(after), was by \(before)"
        case .port(let port, let before, let after): return "\(subject) " + Self.port(port, before, after)
        case .endpointsAdded(let uids, let reason): return "\(subject) gains " + endpoints(uids, reason, true)
        case .endpointsRemoved(let uids, let reason): return "\(subject) loses " + endpoints(uids, reason, false)
        case .endpointsRanked(let uids, let reason):
            let who = reason == .endpointPlace ? "where they run" : "where clients run"
            return "\(subject) ranks \(names.workloads(uids)) otherwise: \(who) changed"
        case .endpointsMoved(let uids):
            return
                "\(subject) finds \(names.workloads(uids)) at \(uids.count == 1 ? "another address" : "other addresses")"
        case .endpointsWaypoint(let uids):
            return "\(subject) has \(uids.count == 1 ? "an endpoint" : "endpoints") with another waypoint: "
                + names.workloads(uids)
        case .owner(let before, let after):
            let (old, new) = (before.map(names.workload) ?? "nobody", after.map(names.workload) ?? "nobody")
            return "\(subject) belongs to \(new), was \(before == nil ? "" : "of ")\(old)"
        case .proxy: return "port 53 leads to another DNS proxy, or to one no more"
        case .compilation: return "\(subject): the order in which things come to the maps, or room in them"
        }
    }

    private func waypoint(_ before: SocketAddress?, _ after: SocketAddress?) -> String {
        switch (before, after) {
        case (let old?, let new?):
            "has waypoint \(names.address(new, isAfter: true)), had \(names.address(old, isAfter: false))"
        case (nil, let new?): "has waypoint \(names.address(new, isAfter: true)) now"
        case (let old?, nil): "has no waypoint any more, had \(names.address(old, isAfter: false))"
        case (nil, nil): "has no waypoint"
        }
    }

    private static func port(_ port: UInt16, _ before: UInt16?, _ after: UInt16?) -> String {
        switch (before, after) {
        case (let old?, let new?): "maps port \(port) to \(new), was \(old)"
        case (nil, let new?): "lists port \(port) now, to \(new)"
        case (_, nil): "lists port \(port) no more"
        }
    }

    private func endpoints(_ uids: [WorkloadUID], _ reason: DestinationCause.EndpointReason, _ isGain: Bool) -> String {
        let (be, belongs) = uids.count == 1 ? ("is", "belongs") : ("are", "belong")
        let why =
            switch reason {
            case .existence: "\(be) \(isGain ? "new" : "gone")"
            case .health: "\(be) \(isGain ? "healthy" : "unhealthy") now"
            case .membership: isGain ? "\(belongs) to it now" : "\(belongs) to it no more"
            case .healthPolicy: "\(be) unhealthy, which the service \(isGain ? "takes" : "takes no more")"
            case .compilation: "\(be) \(isGain ? "in the maps now" : "in the maps no more")"
            }
        return "\(names.workloads(uids)), which \(why)"
    }
}
