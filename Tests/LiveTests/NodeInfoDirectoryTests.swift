import Glibc
import Inputs
import Model
import TestSupport
import Testing

@testable import Live

private func info(_ spi: UInt32, _ address: String = "192.168.100.1", _ pods: String = "10.244.1.0/24") throws
    -> NodeEncryption
{
    NodeEncryption(
        spi: SPI(rawValue: spi), addresses: [try #require(IPAddress(address))],
        bootID: "550e8400-e29b-41d4-a716-446655440000", podPrefixes: [try #require(Prefix(pods))],
        hasExtendedSequence: spi > 1)
}

@Test func whatANodePublishesOthersRead() throws {
    let scratch = try ScratchDirectory()
    var own = try NodeInfoDirectory(path: scratch.path, node: "node-a")
    var other = try NodeInfoDirectory(path: scratch.path, node: "node-z")
    #expect(try other.takeChanges(isThorough: false).changes == [])
    try own.publish(try info(1), of: "node-a")
    #expect(try other.takeChanges(isThorough: false).changes == [.set("node-a", try info(1))])
    #expect(try other.takeChanges(isThorough: true).changes == [])
    try own.publish(try info(2), of: "node-a")
    #expect(try other.takeChanges(isThorough: false).changes == [.set("node-a", try info(2))])
    // Its own is among what a node reads.
    #expect(try own.takeChanges(isThorough: false).changes == [.set("node-a", try info(2))])
    scratch.remove("node-a.yaml")
    #expect(try other.takeChanges(isThorough: false).changes == [.removed("node-a")])
}

@Test func theCustomResourceDefinitionIsUsedAsItIs() throws {
    let written = NodeInfoFile.text(of: "node-a", try info(2, "fd00::1", "fd00:1::/64"))
    for line in ["apiVersion: kmesh.net/v1alpha1", "kind: KmeshNodeInfo", "  spi: 2", "  podCIDRS: [\"fd00:1::/64\"]"] {
        #expect(written.contains(line + "\n"), "\(written)")
    }
    #expect(
        try NodeInfoFile(parsing: written, file: "f").infos.map(\.encryption) == [try info(2, "fd00::1", "fd00:1::/64")]
    )
    // As kubectl prints it.
    let list = "apiVersion: v1\nkind: List\nitems:\n- " + written.split(separator: "\n").joined(separator: "\n  ")
    #expect(try NodeInfoFile(parsing: list, file: "f").infos.map(\.node) == ["node-a"])
    #expect(try NodeInfoFile(parsing: "kind: Pod\nmetadata: {name: x}", file: "f").infos.isEmpty)
}

@Test func aBadFileChangesNothingAndIsToldOnce() throws {
    let scratch = try ScratchDirectory()
    try scratch.write(NodeInfoFile.text(of: "node-a", try info(1)), to: "a.yaml")
    var directory = try NodeInfoDirectory(path: scratch.path, node: "node-z")
    #expect(try directory.takeChanges(isThorough: false).changes.count == 1)
    let bad = NodeInfoFile.text(of: "node-a", try info(1)).replacing("10.244.1.0/24", with: "pods")
    try scratch.write(bad, to: "a.yaml")
    let news = try directory.takeChanges(isThorough: false)
    #expect(news.changes.isEmpty && news.errors.map(\.file) == [scratch.path(of: "a.yaml")])
    #expect(try directory.takeChanges(isThorough: true).errors.isEmpty)
    #expect(directory.problems == news.errors)
    try scratch.write(NodeInfoFile.text(of: "node-a", try info(2)), to: "a.yaml")
    #expect(try directory.takeChanges(isThorough: false).changes == [.set("node-a", try info(2))])
    #expect(directory.problems.isEmpty)
}

@Test func anEmptiedDirectoryDoesNotSayThatAllNodesAreGone() throws {
    let scratch = try ScratchDirectory()
    var own = try NodeInfoDirectory(path: scratch.path, node: "node-a")
    try own.publish(try info(1), of: "node-a")
    try scratch.write(NodeInfoFile.text(of: "node-b", try info(2)), to: "node-b.yaml")
    #expect(try own.takeChanges(isThorough: true).changes.count == 2)
    scratch.remove("node-a.yaml")
    scratch.remove("node-b.yaml")
    let news = try own.takeChanges(isThorough: true)
    #expect(news.changes.isEmpty && news.errors.map(\.file) == [scratch.path])
    let again = try own.takeChanges(isThorough: true)
    #expect(again.changes.isEmpty && again.errors.isEmpty && own.problems == news.errors)
    try own.publish(try info(1), of: "node-a")
    #expect(try own.takeChanges(isThorough: false).changes == [.removed("node-b")])
    #expect(own.problems.isEmpty)
}

/// As when what is mounted there goes, and comes back.
@Test func anotherDirectoryInThePlaceCountsWhenItHasOurFile() throws {
    let scratch = try ScratchDirectory()
    let (path, aside) = (scratch.path(of: "nodes"), scratch.path(of: "aside"))
    for path in [path, aside] { #expect(unsafe mkdir(path, 0o755) == 0) }
    var own = try NodeInfoDirectory(path: path, node: "node-a")
    try own.publish(try info(1), of: "node-a")
    for name in ["node-b", "node-c"] {
        try scratch.write(NodeInfoFile.text(of: name, try info(2)), to: "nodes/\(name).yaml")
    }
    #expect(try own.takeChanges(isThorough: false).changes.count == 3)
    try scratch.write(NodeInfoFile.text(of: "node-b", try info(2)), to: "aside/node-b.yaml")
    func exchange() {
        #expect(unsafe rename(path, path + "2") == 0 && rename(aside, path) == 0 && rename(path + "2", aside) == 0)
    }
    exchange()
    let news = try own.takeChanges(isThorough: false)
    #expect(news.changes.isEmpty && news.errors.map(\.file) == [path])
    try scratch.write(NodeInfoFile.text(of: "node-c", try info(3)), to: "aside/node-c.yaml")
    exchange()
    #expect(try own.takeChanges(isThorough: false).changes == [.set("node-c", try info(3))])
    #expect(own.problems.isEmpty)
}

@Test func ofTwoFilesAboutANodeTheFirstCounts() throws {
    let scratch = try ScratchDirectory()
    try scratch.write(NodeInfoFile.text(of: "node-a", try info(1)), to: "a.yaml")
    try scratch.write(NodeInfoFile.text(of: "node-a", try info(2)), to: "b.yaml")
    try scratch.write("neither", to: ".hidden.yaml")
    var directory = try NodeInfoDirectory(path: scratch.path, node: "node-z")
    let news = try directory.takeChanges(isThorough: false)
    #expect(news.changes == [.set("node-a", try info(1))])
    #expect(news.errors.map(\.file) == [scratch.path(of: "b.yaml")])
    scratch.remove("a.yaml")
    #expect(try directory.takeChanges(isThorough: false).changes == [.set("node-a", try info(2))])
}

@Test func aDirectoryThatIsNotThereIsAnError() {
    #expect(throws: AgentError.self) { _ = try NodeInfoDirectory(path: "/nowhere", node: "node-a") }
}
