import Model
public import Sim

/// Flows as lines of CSV, one as soon as it ends, so that a capture of any size can be listed.
public enum FlowLines {
    /// Titles, with the newline.
    public static let header =
        CSVWriter.line([
            "flow", "protocol", "client", "clientName", "requested", "requestedName", "final", "finalName", "waypoint",
            "connect", "midCapture", "sentPackets", "sentBytes", "receivedPackets", "receivedBytes", "outcome",
            "verdict",
            "policy", "rule", "engine", "encryption", "leaks", "stopped", "stopReason", "seenAgain", "firstPacket",
            "firstTimestamp", "lastTimestamp", "ending",
        ]) + "\n"

    /// One flow, with the newline. Nothing is written for what is not known.
    public static func line(_ flow: FlowSummary) -> String {
        let judgement = flow.judgement
        let parties = [
            "\(flow.number)", "\(flow.protocolNumber.rawValue)", "\(flow.client.address)", flow.client.name ?? "",
            "\(flow.requested.address)", flow.requested.name ?? "", flow.final.map { "\($0.address)" } ?? "",
            flow.final?.name ?? "", flow.waypoint.map { "\($0)" } ?? "", flow.connectReason?.rawValue ?? "",
            flow.isMidCapture ? "true" : "false",
        ]
        let traffic = [
            "\(flow.sent.packets)", "\(flow.sent.bytes)", "\(flow.received.packets)", "\(flow.received.bytes)",
        ]
        let verdict = [
            flow.outcome.rawValue, judgement.map { $0.isAllowed ? "allowed" : "denied" } ?? "", judgement?.policy ?? "",
            judgement?.rule.map { "\($0)" } ?? "", judgement?.engine.rawValue ?? "", flow.encryption.rawValue,
            "\(flow.leaks)", "\(flow.stopped)", flow.stopReason?.name ?? "", "\(flow.seenAgain)",
        ]
        let place = [
            "\(flow.firstPacket)", "\(flow.firstTimestamp)", "\(flow.lastTimestamp)", flow.ending.rawValue,
        ]
        return CSVWriter.line(parties + traffic + verdict + place) + "\n"
    }
}
