public import CommandLineTool
import Model
import Sim

extension DecryptionOutput {
    /// Everything, in the order of the text. Keys are no part of it.
    public var json: JSONValue {
        [
            "success": .bool(isSuccess),
            "complete": .bool(isComplete),
            "leaks": .array(report.leaks.map(json)),
            "copies": .array(report.copies.map(json)),
            "failures": .array(report.failures.map(json)),
            "states": .array(report.associations.map(Self.json)),
            "unknown": .array(report.strangers.map(Self.json)),
            "packets": .object(
                DecryptionReport.Kind.allCases.map { .init($0.name, JSONValue(report[$0])) }
                    + [.init("read", JSONValue(report.packetCount))]),
            "captures": .array(captures.map { .string($0) }),
            "notes": .array(notes.map { .string($0) }),
        ]
    }

    private func json(_ packets: DecryptionReport.ClearPackets) -> JSONValue {
        [
            "source": "\(packets.source)",
            "destination": "\(packets.destination)",
            "packets": JSONValue(packets.packetCount),
            "bytes": JSONValue(packets.byteCount),
            "first": json(packets.first),
        ]
    }

    private func json(_ failure: DecryptionReport.Failure) -> JSONValue {
        [
            "what": .string(failure.kind.name),
            "at": json(failure.place),
            "source": "\(failure.source)",
            "destination": "\(failure.destination)",
            "spi": failure.spi.map { JSONValue($0.rawValue) } ?? .null,
            "sequence": failure.sequence.map { JSONValue($0) } ?? .null,
            "packets": JSONValue(failure.packetCount),
            "detail": .string(failure.detail),
        ]
    }

    private func json(_ place: DecryptionReport.Place) -> JSONValue {
        ["capture": JSONValue(place.capture), "packet": JSONValue(place.number)]
    }

    private static func json(_ state: DecryptionReport.Association) -> JSONValue {
        [
            "source": "\(state.source)",
            "destination": "\(state.destination)",
            "spi": JSONValue(state.spi.rawValue),
            "replayWindow": JSONValue(state.replayWindow),
            "extendedSequence": .bool(state.hasExtendedSequence),
            "packets": JSONValue(state.packetCount),
            "bytes": JSONValue(state.byteCount),
            "decrypted": JSONValue(state.decryptedCount),
            "firstSequence": state.numbers.first.map { JSONValue($0) } ?? .null,
            "lastSequence": state.numbers.last.map { JSONValue($0) } ?? .null,
            "gaps": .array(
                state.numbers.gaps.map { .array([JSONValue($0.lowerBound), JSONValue($0.upperBound)]) }),
            "replays": JSONValue(state.replayCount),
            "badICV": JSONValue(state.badICVCount),
            "different": JSONValue(state.differentCount),
        ]
    }

    private static func json(_ stranger: DecryptionReport.Stranger) -> JSONValue {
        [
            "source": "\(stranger.source)",
            "destination": "\(stranger.destination)",
            "spi": JSONValue(stranger.spi.rawValue),
            "reason": JSONValue(stranger.reason),
            "packets": JSONValue(stranger.packetCount),
            "bytes": JSONValue(stranger.byteCount),
            "firstSequence": JSONValue(stranger.firstSequence),
            "lastSequence": JSONValue(stranger.lastSequence),
        ]
    }
}

extension DecryptionReport.Kind {
    /// A word for scripts.
    fileprivate var name: String {
        switch self {
        case .leak: "leak"
        case .badICV: "badICV"
        case .unknownSPI: "unknownSPI"
        case .foreign: "unsupportedAlgorithm"
        case .malformedESP: "malformedESP"
        case .cut: "cut"
        case .incomplete: "incomplete"
        case .different: "different"
        case .replay: "replay"
        case .decrypted: "decrypted"
        case .fragment: "fragment"
        case .copy: "copy"
        case .quote: "quote"
        case .keepalive: "keepalive"
        case .keyExchange: "keyExchange"
        case .clear: "clear"
        case .otherProtocol: "otherProtocol"
        case .malformed: "malformed"
        }
    }
}
