import Model
import Sim

/// Rows of a replay's report in words.
enum ReplayPhrases {
    /// What became of a packet.
    static func text(_ kind: Disposition.Kind) -> String {
        switch kind {
        case .delivered, .refused, .dropped, .reset, .held, .malformed, .undetermined: kind.rawValue
        case .leftMesh: "left the mesh"
        case .seenAgain: "seen again"
        case .notIP: "not IP"
        }
    }

    /// Why, as a name and a sentence; a counter of XFRM is both.
    static func text(_ reason: DispositionReason) -> String {
        reason.name == reason.sentence ? reason.name : "\(reason.name): \(reason.sentence)"
    }

    /// `1, 2, 3 and more`, where a row has more packets than it names.
    static func numbers(_ numbers: [UInt64], of count: UInt64) -> String {
        let text = numbers.map { "\($0)" }.joined(separator: ", ")
        return UInt64(numbers.count) < count ? "\(text), …" : text
    }

    /// What a client asked for: `books/reviews:9080`.
    static func requested(_ row: ReplayReport.ConnectionRow) -> String {
        row.requestedPort == 0 ? row.requested : "\(row.requested):\(row.requestedPort)"
    }

    /// Where it went; empty where nobody knows.
    static func final(_ row: ReplayReport.ConnectionRow) -> String {
        guard let final = row.final else { return "" }
        let port = row.finalPort.map { $0 == 0 ? "" : ":\($0)" } ?? ""
        return final + port + (row.isViaWaypoint ? " via waypoint" : "")
    }

    /// What became of the connections and who decided it.
    static func verdict(_ row: ReplayReport.ConnectionRow) -> String {
        let text = row.outcome == .denied ? denial(row) : outcome(row)
        return row.isMidCapture ? "\(text), began before the capture" : text
    }

    private static func outcome(_ row: ReplayReport.ConnectionRow) -> String {
        var text = row.outcome == .partly ? "partly stopped" : row.outcome.rawValue
        if let reason = row.stopReason { text += ": \(reason.name)" }
        // That no policy was in the way is not worth a word.
        guard let judgement = row.judgement, judgement.policy != nil || judgement.dryRun != nil else { return text }
        return "\(text), \(judgement)"
    }

    /// By which policy; without one the reason tells.
    private static func denial(_ row: ReplayReport.ConnectionRow) -> String {
        guard let judgement = row.judgement else { return row.outcome.rawValue }
        guard judgement.policy == nil, let reason = row.stopReason, case .hook = reason else { return "\(judgement)" }
        return "\(judgement): \(reason.name)"
    }

    /// What crossed the wire how; empty where nothing did.
    static func encryption(_ row: ReplayReport.ConnectionRow) -> String {
        switch row.encryption {
        case .none: ""
        case .clear: row.leaks > 0 ? "IN CLEAR" : "clear"
        case .all: "encrypted"
        case .some: "PARTLY IN CLEAR"
        }
    }
}
