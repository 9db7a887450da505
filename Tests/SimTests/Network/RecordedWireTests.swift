import Foundation
import Inputs
import Model
import Sim
import TestSupport
import Testing

/// Replays what the pods of a recording sent, and compares what the nodes make of it with what they made.
@Suite struct RecordedWireTests {
    @Test(arguments: Recordings.names)
    func theWireIsThatOfTheRecordingByteForByte(_ recording: String) throws {
        var scene = try RecordedScene(recording)
        try scene.run()
        for side in scene.sides {
            let (made, recorded) = (scene.sentToWire(by: side), scene.recordedOnWire(by: side))
            #expect(made.count == recorded.count, "node \(side.letter)")
            for (index, pair) in zip(made, recorded).enumerated() where pair.0 != pair.1 {
                Issue.record("packet \(index) of node \(side.letter):\n\(hex(pair.0))\n\(hex(pair.1))")
                break
            }
        }
    }

    /// Errors from the own node included, with what they quote.
    @Test(arguments: Recordings.names)
    func whatArrivesAtThePodsIsThatOfTheRecording(_ recording: String) throws {
        var scene = try RecordedScene(recording)
        try scene.run()
        for side in scene.sides {
            let recorded = side.captured.filter { !side.sent.contains($0) }
            let made = scene.trace.packets.filter { $0.point == .arrival && $0.node == side.node }
            for source in Set(recorded.map(\.source)).sorted() {
                let expected = recorded.filter { $0.source == source }.map(\.bytes)
                let arrived = made.map(\.bytes).filter { RecordedScene.source(of: $0) == source }
                #expect(arrived == expected, "from \(source) at pod \(side.letter)")
            }
            #expect(made.count == recorded.count)
        }
    }

    @Test(arguments: Recordings.names)
    func theNodesCountAsLinuxDid(_ recording: String) throws {
        var scene = try RecordedScene(recording)
        try scene.run()
        for side in scene.sides {
            let database = scene.network.nodes[side.node].xfrm
            for line in try Recordings.text(recording, "\(side.letter).xfrm_stat").split(separator: "\n") {
                let words = line.split(whereSeparator: \.isWhitespace)
                let counter = try #require(XFRMCounter(rawValue: String(words[0])))
                #expect(database.counters[counter] == UInt64(words[1]), "\(counter) of node \(side.letter)")
            }
            let text = try Recordings.text(recording, "\(side.letter).xfrm.txt")
            let listing = try XFRMListing(parsing: text, file: "")
            #expect(database.states.count == listing.states.count)
            for listed in listing.states {
                let state = try #require(database.states.first { $0.state.id == listed.state.id })
                #expect(state.state == listed.state)
                #expect(state.sequence == listed.sent)
                #expect(state.window.highest == listed.received)
                let counted = try #require(Lifetime(of: listed.state, in: text))
                #expect(state.byteCount == counted.byteCount && state.packetCount == counted.packetCount)
                #expect(state.integrityFailureCount == counted.integrityFailures)
                #expect(state.replayCount == counted.replays && state.tooOldCount == counted.tooOld)
            }
        }
    }

    /// Captures at the nodes' uplinks show each decrypted packet once more.
    @Test func decryptedPacketsAreSeenAtTheUplinkAgain() throws {
        var scene = try RecordedScene("basic4")
        try scene.run()
        for side in scene.sides {
            let all = try Recordings.packets("basic4", "node\(side.letter)_eth0.pcap")
            let recorded = all.filter { !$0.isESP && !$0.isNeighbourDiscovery && side.prefix.contains($0.destination) }
            let made = scene.trace.packets.filter { $0.point == .decrypted && $0.node == side.node }
            #expect(made.map(\.bytes) == recorded.map(\.bytes))
            #expect(made.allSatisfy { $0.mark == .decrypted })
        }
    }

    /// The notes say which sizes got an error and what it said.
    @Test func theLimitsAreThoseThatThePodsWereTold() throws {
        for (recording, limit) in [("headers4", 1446), ("basic4", 1446), ("v6in6", 1426)] {
            var scene = try RecordedScene(recording)
            try scene.run()
            let errors = scene.journeys.compactMap(\.error).filter { $0 != .timeExceeded }
            #expect(!errors.isEmpty && errors.allSatisfy { $0 == .tooBig(limit: limit) })
        }
    }
}

/// What `ip -s xfrm state` says a state has counted.
private struct Lifetime {
    var byteCount: UInt64
    var packetCount: UInt64
    var tooOld: UInt64
    var replays: UInt64
    var integrityFailures: UInt64

    init?(of state: XFRMState, in text: String) {
        let start = "src \(state.source) dst \(state.destination)\n\tproto esp spi \(state.spi)("
        guard let range = text.range(of: start) else { return nil }
        let rest = text[range.upperBound...]
        func numbers(behind title: String) -> [UInt64] {
            guard let range = rest.range(of: title) else { return [] }
            let line = rest[range.upperBound...].drop { $0 == "\n" }.prefix { $0 != "\n" }
            return line.split { !$0.isNumber }.compactMap { UInt64($0) }
        }
        let (current, stats) = (numbers(behind: "lifetime current:"), numbers(behind: "stats:"))
        guard current.count == 2, stats.count == 3 else { return nil }
        (byteCount, packetCount) = (current[0], current[1])
        (tooOld, replays, integrityFailures) = (stats[0], stats[1], stats[2])
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.prefix(80).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
