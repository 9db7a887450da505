import Foundation
import GuestLayout
import Inputs
import Model
import TestSupport

/// What the guest wrote of one scene.
struct RecordedGuestScene {
    let name: String
    private let directory: String
    private let facts: [String: Any]

    /// - Throws: when the guest has not run the scene.
    init(_ name: String) throws {
        self.name = name
        directory = "\(try Guest.results())/\(name)"
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/facts.json"))
        guard let facts = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw GuestError("\(name)/facts.json is no object")
        }
        self.facts = facts
    }

    /// - Throws: when the scene says nothing of it.
    func fact<Value>(_ name: String, _: Value.Type = Value.self) throws -> Value {
        guard let value = facts[name] as? Value else {
            throw GuestError("scene \(self.name) has no \(Value.self) \(name), but \(String(describing: facts[name]))")
        }
        return value
    }

    /// What a node's /proc/net/xfrm_stat counted, without zeros.
    func counters(of node: GuestNode) throws -> [String: Int] {
        let all: [String: [String: Int]] = try fact("counters")
        guard let counters = all[node.name] else { throw GuestError("no counters of \(node.name)") }
        return counters
    }

    /// The packets between nodes and pods that passed an interface.
    func packets(_ namespace: String) throws -> [RecordedPacket] {
        try RecordedPacket.all(in: "\(directory)/\(namespace).pcap").filter { !$0.isNeighbourDiscovery && !$0.isReport }
    }

    /// What the nodes had published in the end, in their order.
    func published() throws -> [NodeInfoFile.Info] {
        try NodeInfoFile(parsing: try fact("infos"), file: "\(name)/infos").infos
    }

    /// The rules that were applied.
    func commands() throws -> [XFRMCommands.Command] {
        let text = try String(contentsOfFile: "\(directory)/commands.txt", encoding: .utf8)
        return try XFRMCommands(parsing: text, file: "\(name)/commands.txt").commands
    }
}

extension RecordedPacket {
    /// Of an ESP packet's first bytes; nil for others and for later fragments.
    var spi: SPI? { isESP && !isLaterFragment ? SPI(rawValue: number(at: headerByteCount, UInt32.self)) : nil }

    /// Of multicast listeners, behind a hop-by-hop header.
    fileprivate var isReport: Bool { family == .v6 && protocolNumber == 0 }
}
