import Model

/// Rows of connections that are alike, at most so many.
struct ConnectionRows: Sendable {
    /// What connections of a row have in common. Pods of one owner count as one.
    struct Key: Hashable, Sendable {
        var client: String
        var requested: String
        var requestedPort: UInt16
        var protocolNumber: IPProtocol
        var final: String?
        var finalPort: UInt16?
        var isViaWaypoint: Bool
        var isMidCapture: Bool
        var outcome: FlowOutcome
        var stopReason: DispositionReason?
        var judgement: Judgement?
        var connectReason: Reason?
        var encryption: FlowEncryption
    }

    private struct Sums: Sendable {
        var flows: UInt64 = 0
        var traffic = Traffic()
        var leaks: UInt64 = 0
        var stopped: UInt64 = 0
        var firstPacket: UInt64 = .max
    }

    let limit: Int
    private var numbers: [Key: Int] = [:]
    private var keys: [Key] = []
    private var sums: [Sums] = []
    private(set) var others = ReplayReport.Others()
    /// Flows that were added.
    private(set) var flowCount: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    mutating func add(_ key: Key, _ flow: FlowSummary) {
        flowCount += 1
        let traffic = flow.sent + flow.received
        let number: Int
        if let known = numbers[key] {
            number = known
        } else if keys.count < limit {
            number = keys.count
            numbers[key] = number
            keys.append(key)
            sums.append(Sums())
        } else {
            others.flows += 1
            others.traffic += traffic
            others.leaks += flow.leaks
            others.stopped += flow.stopped
            return
        }
        sums[number].flows += 1
        sums[number].traffic += traffic
        sums[number].leaks += flow.leaks
        sums[number].stopped += flow.stopped
        sums[number].firstPacket = min(sums[number].firstPacket, flow.firstPacket)
    }

    /// The most packets first, then the earliest.
    var rows: [ReplayReport.ConnectionRow] {
        keys.indices.map { index in
            let (key, sums) = (keys[index], sums[index])
            return ReplayReport.ConnectionRow(
                client: key.client, requested: key.requested, requestedPort: key.requestedPort,
                protocolNumber: key.protocolNumber, final: key.final, finalPort: key.finalPort,
                isViaWaypoint: key.isViaWaypoint, isMidCapture: key.isMidCapture, outcome: key.outcome,
                stopReason: key.stopReason, judgement: key.judgement, connectReason: key.connectReason,
                encryption: key.encryption, flows: sums.flows, traffic: sums.traffic, leaks: sums.leaks,
                stopped: sums.stopped, firstPacket: sums.firstPacket)
        }.sorted {
            $0.traffic.packets == $1.traffic.packets
                ? $0.firstPacket < $1.firstPacket : $0.traffic.packets > $1.traffic.packets
        }
    }
}
