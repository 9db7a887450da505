import Model
public import Sim

/// Flows as lines of CSV, one as soon as it ends, so that a capture of any size can be listed.
public enum FlowLines {
    /// Titles, with the newline.
    public static let header =
        CSVWriter.line([
            "protocol", "client", "clientName", "requested", "requestedName", "final", "finalName", "waypoint",
            "connect", "midCapture", "sentPackets", "sentBytes", "receivedPackets", "receivedBytes", "outcome",
            "verdict",
            "policy", "rule", "engine", "encryption", "leaks", "stopped", "stopReason", "seenAgain", "firstPacket",
            "firstTimestamp", "lastTimestamp", "ending",
        ]) + "\n"

    /// One flow, with the newline. Nothing is written for what is not known.
    public static func line(_ flow: FlowSummary) -> String {
        var cells = ["\(flow.protocolNumber.rawValue)"]
        cells += party(flow.client)
        cells += party(flow.requested)
        cells += flow.final.map(party) ?? ["", ""]
        cells.append(flow.waypoint?.description ?? "")
        cells.append(flow.connectReason?.rawValue ?? "")
        cells.append(flow.isMidCapture ? "true" : "false")
        cells += traffic(flow.sent) + traffic(flow.received)
        cells.append(flow.outcome.rawValue)
        cells += judgement(flow.judgement)
        cells += [flow.encryption.rawValue, "\(flow.leaks)", "\(flow.stopped)", flow.stopReason?.name ?? ""]
        cells += ["\(flow.seenAgain)", "\(flow.firstPacket)", "\(flow.firstTimestamp)", "\(flow.lastTimestamp)"]
        cells.append(flow.ending.rawValue)
        return CSVWriter.line(cells) + "\n"
    }

    private static func party(_ party: FlowParty) -> [String] { [party.address.description, party.name ?? ""] }

    private static func traffic(_ traffic: Traffic) -> [String] { ["\(traffic.packets)", "\(traffic.bytes)"] }

    /// Verdict, policy, rule and engine.
    private static func judgement(_ judgement: Judgement?) -> [String] {
        guard let judgement else { return ["", "", "", ""] }
        let rule = judgement.rule.map { "\($0)" } ?? ""
        return [judgement.isAllowed ? "allowed" : "denied", judgement.policy ?? "", rule, judgement.engine.rawValue]
    }
}
