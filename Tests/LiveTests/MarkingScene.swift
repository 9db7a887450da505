import Foundation
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

@testable import Live

/// A pod and its node, each in a namespace of its own, joined by a veth pair: eth0 of the pod's, and veth0 of the node's.
struct MarkingScene: ~Copyable {
    var driver: SocketDriver
    let pod: NamespaceMade
    let node: NamespaceMade
    let pins: TestPinDirectory
    /// In that directory, so that it may go.
    let directory: PinDirectory

    init() throws {
        var driver = try SocketDriver()
        let pod = try driver.makeNamespace(isEveryAddressLocal: false)
        let node = try driver.makeNamespace(isEveryAddressLocal: false)
        let commands = [
            (pod, "ip link add eth0 type veth peer name veth0 netns \(node.path)"),
            (pod, "ip link set eth0 up && ip address add 10.1.0.2/24 dev eth0 && ip route add default via 10.1.0.1"),
            (node, "ip link set veth0 up && ip address add 10.1.0.1/24 dev veth0"),
        ]
        for (namespace, command) in commands {
            #expect(try driver.run(["sh", "-c", command], in: namespace.number).code == 0, "\(command)")
        }
        let pins = try TestPinDirectory()
        directory = PinDirectory("\(pins.path)/own")
        (self.pod, self.node) = (pod, node)
        self.driver = driver
        self.pins = pins
    }

    static func settings(_ preset: Preset = .hardened) -> ProgramSettings {
        var settings = ProgramSettings(options: DataplaneOptions(preset))
        settings.options.capacities = MapCapacities(
            frontend: 64, service: 64, endpoint: 64, backend: 64, manage: 64, nodeInfo: 16)
        settings.authorizationCapacities = PacketRun.small
        return settings
    }

    /// Where the pod's packets are encrypted to.
    static let peers = Prefix("10.9.0.0/16")

    /// The mark with which the node sees a packet that the pod sends; nil when it does not come.
    mutating func mark(ofPacketTo address: String = "10.9.0.5") throws -> UInt32? {
        let rules =
            "iptables -t mangle -F PREROUTING && for low in 0 0xd0 0xe0; do for high in 0 1 2 3 4 5 6 7; do "
            + "iptables -t mangle -A PREROUTING -p udp -m mark --mark $(printf '0x%x' $((low + high * 65536))) || exit 1; "
            + "done; done"
        try succeed(["sh", "-c", rules], in: node)
        try succeed(["bash", "-c", "echo > /dev/udp/\(address)/9"], in: pod)
        let listing = try driver.run(["iptables", "-t", "mangle", "-L", "PREROUTING", "-nvx"], in: node.number)
        for line in String(decoding: listing.output, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let count = words.first, Int(count) ?? 0 > 0, let mark = words.last, words.contains("mark") else {
                continue
            }
            return UInt32(mark.dropFirst(2), radix: 16) ?? 0
        }
        return nil
    }

    mutating func succeed(_ command: [String], in namespace: NamespaceMade) throws {
        let outcome = try driver.run(command, in: namespace.number)
        #expect(outcome.code == 0, "\(command): \(String(decoding: outcome.output, as: UTF8.self))")
    }

    /// What `tc` says of the qdiscs of the node's end.
    mutating func qdiscs() throws -> String {
        let outcome = try driver.run(["tc", "qdisc", "show", "dev", "veth0"], in: node.number)
        return String(decoding: outcome.output, as: UTF8.self)
    }
}
