import Inputs
import Model
import TestSupport
import Testing

@testable import Live

private let bootID = "550e8400-e29b-41d4-a716-446655440000"
private let own = IPAddress.v4(0xc0a8_6401)

private func info(_ spi: UInt32, _ address: IPAddress, _ pods: [String]) -> NodeEncryption {
    NodeEncryption(
        spi: SPI(rawValue: spi), addresses: [address], bootID: bootID, podPrefixes: pods.compactMap { Prefix($0) })
}

private let report = EncryptionReport(
    node: "a", local: info(2, own, ["10.244.1.0/24"]), knownSPIs: [SPI(rawValue: 1), SPI(rawValue: 2)],
    peers: [
        "b": info(2, .v4(0xc0a8_6402), ["10.244.2.0/24", "10.245.2.0/24"]),
        "c": info(1, .v4(0xc0a8_6403), ["10.244.3.0/24"]), "d": info(3, .v4(0xc0a8_6404), ["10.244.4.0/24"]),
    ], problems: ["node d \"is\" ahead"])

@Test func theReportIsReadAsItWasWritten() throws {
    let scratch = try ScratchDirectory()
    try scratch.write(report.text, to: EncryptionReport.fileName)
    #expect(try EncryptionReport(inDirectory: scratch.path) == report)
    #expect(try EncryptionReport(inDirectory: scratch.path(of: "none")) == nil)
}

@Test func peersStandAsTheirStatesAndPoliciesDo() throws {
    let key = try #require(AEADKey(bytes: [UInt8](repeating: 1, count: 20)))
    func found(_ source: IPAddress, _ destination: IPAddress, _ spi: UInt32, _ count: UInt64) -> XFRMSocket.FoundState {
        let state = XFRMState(
            source: source, destination: destination, spi: SPI(rawValue: spi), key: key,
            mark: destination == own ? .exactly(.received(fromPeer: UInt16(count))) : .any)
        return .init(id: state.id, state: state, packetCount: count, received: 0, sent: 0)
    }
    func policy(_ prefix: String, _ action: XFRMPolicy.Action) throws -> XFRMPolicy {
        let selector = XFRMSelector(source: .everything(of: .v4), destination: try #require(Prefix(prefix)))
        let template = XFRMPolicy.Template(source: own, destination: .v4(0xc0a8_6402), spi: SPI(rawValue: 2))
        return XFRMPolicy(
            .out, selector, mark: .exactly(.encrypt), action: action, templates: action == .allow ? [template] : [])
    }
    let states = [
        found(.v4(0xc0a8_6402), own, 2, 5), found(.v4(0xc0a8_6402), own, 1, 6), found(own, .v4(0xc0a8_6402), 2, 7),
        found(.v4(0xc0a8_6403), own, 1, 8),
    ]
    let policies = [
        try policy("10.244.2.0/24", .allow), try policy("10.245.2.0/24", .allow), try policy("10.244.4.0/24", .block),
    ]
    let nodeInfo = Set(report.peers.values.flatMap(\.podPrefixes))
    let peers = EncryptionStatus.peers(of: report, states, policies, nodeInfo: nodeInfo)
    #expect(peers.map(\.node) == ["b", "c", "d"])
    #expect(peers.map(\.standing) == [.same, .behind, .ahead])
    #expect(peers.map(\.isHeard) == [true, false, false])
    #expect(peers.map(\.sending) == [.encrypted, .none, .blocked])
    #expect(peers[0].receivedCount == 11 && peers[0].sentCount == 7)
    let half = EncryptionStatus.peers(
        of: report, states, [try policy("10.244.2.0/24", .allow)], nodeInfo: nodeInfo)
    #expect(half[0].sending == .partly)
    // Its state is gone.
    let lost = EncryptionStatus.peers(of: report, [], policies, nodeInfo: nodeInfo)
    #expect(lost.map(\.sending) == [.blocked, .none, .blocked])
    // Nothing is marked.
    let unmarked = EncryptionStatus.peers(of: report, states, policies, nodeInfo: [])
    #expect(unmarked.map(\.sending) == [.none, .none, .none])
    let partly = EncryptionStatus.peers(
        of: report, states, policies, nodeInfo: [try #require(Prefix("10.244.2.0/24"))])
    #expect(partly[0].sending == .partly)
    #expect(report.standing(of: SPI(rawValue: 9)) == .ahead)
    #expect(report.standing(of: SPI(rawValue: 0)) == .unknown)
}
