import Model
import TestSupport
import Testing

@testable import Live

private let state = XFRMState.ID(
    destination: .v4(0x0a00_0002), spi: SPI(rawValue: 7), mark: .exactly(.received(fromPeer: 3)))
private let other = XFRMState.ID(destination: .v6(high: 1, low: 2), spi: SPI(rawValue: .max))

private func policy(icmpType: UInt8? = nil) throws -> XFRMPolicy.ID {
    let pods = try #require(Prefix("10.244.2.0/24"))
    return XFRMPolicy.ID(
        .fwd, XFRMSelector(source: .everything(of: .v4), destination: pods, icmpType: icmpType),
        mark: .exactly(.encrypt))
}

@Test func whatIsOursIsKnownToTheNextAgent() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "state")
    do {
        let directory = try StateDirectory(path: path)
        var record = try EncryptionRecord(in: directory)
        try record.add([state, other], [try policy(), try policy(icmpType: 11)])
        try record.add([state], [])
        try record.remove([other], [try policy()])
    }
    for _ in 0..<2 {
        let directory = try StateDirectory(path: path)
        let record = try EncryptionRecord(in: directory)
        #expect(record.states == [state])
        #expect(record.policies == [try policy(icmpType: 11)])
    }
    let seen = try #require(try EncryptionRecord.identities(inDirectory: path))
    #expect(seen.states == [state] && seen.policies.count == 1)
}

@Test func aTornLineWasNotMade() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "state")
    do {
        let directory = try StateDirectory(path: path)
        var record = try EncryptionRecord(in: directory)
        try record.add([state], [])
        let bytes = try #require(try directory.contents(of: EncryptionRecord.fileName))
        try directory.replace(EncryptionRecord.fileName, with: bytes + Array("+state 10.0.0.3 7 0x0/0x".utf8))
    }
    #expect(try EncryptionRecord.identities(inDirectory: path)?.states == [state])
}

@Test func theRecordOfAnotherRunOfTheKernelIsVoid() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "state")
    do {
        let directory = try StateDirectory(path: path)
        var record = try EncryptionRecord(in: directory)
        try record.add([state], [])
        let text = String(decoding: try #require(try directory.contents(of: EncryptionRecord.fileName)), as: UTF8.self)
        let before = text.replacing(try BootID.read(), with: "550e8400-e29b-41d4-a716-446655440000")
        try directory.replace(EncryptionRecord.fileName, with: Array(before.utf8))
    }
    #expect(try EncryptionRecord.identities(inDirectory: path)?.states == [])
    let directory = try StateDirectory(path: path)
    #expect(try EncryptionRecord(in: directory).states.isEmpty)
}

@Test func theRecordOfAnotherNetworkNamespaceIsNotForgotten() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "state")
    func rewrite(_ directory: borrowing StateDirectory, _ isWanted: (Substring) -> Bool) throws {
        let bytes = try #require(try directory.contents(of: EncryptionRecord.fileName))
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let header = lines[0].split(separator: " ").dropLast().joined(separator: " ") + " 4711"
        let text = ([header[...]] + lines.dropFirst().filter(isWanted)).joined(separator: "\n") + "\n"
        try directory.replace(EncryptionRecord.fileName, with: Array(text.utf8))
    }
    let directory = try StateDirectory(path: path)
    do {
        var record = try EncryptionRecord(in: directory)
        try record.add([state], [])
    }
    try rewrite(directory) { _ in true }
    let error = #expect(throws: AgentError.self) { try EncryptionRecord.identities(inDirectory: path) }
    #expect("\(String(describing: error))".contains("cookie 4711"))
    #expect(throws: AgentError.self) { try EncryptionRecord(in: directory).states }
    #expect(throws: AgentError.self) { try EncryptionRemoval.perform(inDirectory: path) }
    // One that names nothing is nobody's.
    try rewrite(directory) { _ in false }
    #expect(try EncryptionRecord(in: directory).states.isEmpty)
}

@Test func aNodeThatIsNotToEncryptLeavesNothingInForce() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "state")
    try EncryptionRecord.refuseLeftovers(inDirectory: path)
    do {
        let directory = try StateDirectory(path: path)
        var record = try EncryptionRecord(in: directory)
        try EncryptionRecord.refuseLeftovers(inDirectory: path)
        try record.add([], [try policy()])
    }
    let error = #expect(throws: AgentError.self) { try EncryptionRecord.refuseLeftovers(inDirectory: path) }
    #expect("\(String(describing: error))".contains("kmesh-live detach --state-dir \(path)"))
}

@Test func theRecordDoesNotGrowWithWhatIsGone() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "state")
    let directory = try StateDirectory(path: path)
    var record = try EncryptionRecord(in: directory)
    try record.add([other], [try policy()])
    for _ in 0..<2000 {
        try record.add([state], [])
        try record.remove([state], [])
    }
    #expect(try #require(try directory.contents(of: EncryptionRecord.fileName)).count < 70_000)
    try record.add([state], [])
    let seen = try #require(try EncryptionRecord.identities(inDirectory: path))
    #expect(seen.states == [state, other])
    #expect(seen.policies == [try policy()])
}

@Test func nothingIsOursWithoutARecord() throws {
    #expect(try EncryptionRecord.identities(inDirectory: "/nowhere") == nil)
    #expect(try EncryptionRemoval.perform(inDirectory: "/nowhere") == (0, 0))
}
