import CSocketCalls
import CommandLineTool
import Glibc
import GuestLayout
import Model

/// Agents on three nodes, through a life: they start, keys change, one crashes, one leaves.
struct AgentScenes {
    let topology: Topology
    let results: String
    let tool: String
    let pods = GuestNode.all.map { $0.pod("a") }

    init(topology: Topology, results: String, tool: String) {
        self.topology = topology
        self.results = results
        self.tool = tool
    }

    func scene(_ name: String) throws -> Scene { try Scene(name, topology, in: results, pods: pods) }

    // MARK: Start and traffic

    /// Starts an agent on each node, and waits until all that the pods say to each other is encrypted.
    func start(_ outer: AddressFamily) throws -> Cluster {
        let cluster = try Cluster(topology, tool: tool, outer: outer)
        for node in GuestNode.all { try cluster.launch(node) }
        for node in GuestNode.all {
            try wait(for: "an agent in force on \(node.name)", seconds: 180) { try cluster.isInForce(node) }
            try cluster.managePods(of: node)
        }
        do {
            try waitEncrypted(under: 1, pods)
        } catch {
            throw Failure("\(error)\n" + GuestNode.all.map { "\($0.name):\n\(cluster.log(of: $0))" }.joined())
        }
        return cluster
    }

    /// Waits until each pod reaches each other, and what is on the wire is encrypted under one SPI.
    func waitEncrypted(under spi: UInt32, _ pods: [GuestPod]) throws {
        var state = ""
        try wait(for: "encryption under SPI \(spi), where it stands:\(state)", seconds: 60) {
            let wire = try Capture(nil, in: .wire)
            let flows = try Flows(topology, pods)
            flows.round()
            flows.settle(seconds: 2)
            try wire.collect()
            let wrong = wire.frames.filter { $0.isClear || $0.spi.map { $0 != spi } ?? false }
            state = " \(flows.lost) lost, \(wrong.count) of \(wire.frames.count) packets not so"
            return flows.lost.isEmpty && wrong.isEmpty
        }
    }

    /// Pings of several sizes, datagrams and streams, from each node to each other.
    func traffic(_ name: String, pods: [GuestPod], byteCounts: [Int]) throws {
        let scene = try Scene(name, topology, in: results, pods: pods)
        let flows = try Flows(topology, pods)
        for count in byteCounts { flows.round(byteCount: count) }
        flows.settle()
        scene.note(flows)
        for family in AddressFamily.both {
            scene.note("heard-\(family)", .array(try Traffic.heard(pods, topology, family).map { "\($0)" }))
            for (index, pod) in pods.enumerated() {
                let other = pods[(index + 1) % pods.count]
                scene.note(
                    "stream-\(pod.name)-\(family)", .bool(try Traffic.exchange(from: pod, to: other, family, topology)))
            }
        }
        scene.note("infos", .string(Cluster.published()))
        try scene.finish()
    }

    // MARK: Rotation and crashes

    /// Each node's key file changes in turn, while all pods talk.
    func rotation(_ cluster: Cluster, to spi: UInt32) throws {
        let scene = try scene("rotation")
        let flows = try Flows(topology, pods)
        flows.rounds(10)
        for node in GuestNode.all {
            try cluster.write(GuestKeys.file(spi: spi), toKeyFileOf: node)
            try flows.rounds(until: "the new SPI of \(node.name)") {
                try readFile(Cluster.infoFile(of: node)).contains("spi: \(spi)")
            }
            flows.rounds(10)
        }
        let from = scene.wire
        try flows.rounds(until: "encryption under SPI \(spi)") {
            try from.collect()
            // The latest packet of each direction.
            return Set(from.frames.suffix(200).filter { $0.spi == spi }.map { [$0.sender, $0.receiver] }).count == 6
        }
        flows.rounds(10)
        flows.settle()
        scene.note(flows)
        scene.note("infos", .string(Cluster.published()))
        try scene.finish()
    }

    /// An agent is killed, and started again, while all pods talk.
    func crash(_ cluster: Cluster) throws {
        let scene = try scene("crash")
        let node = GuestNode(2)
        let flows = try Flows(topology, pods)
        flows.rounds(10)
        cluster.kill(node)
        flows.rounds(20)
        try cluster.launch(node)
        try flows.rounds(until: "an agent in force again") { try cluster.isInForce(node) }
        flows.rounds(20)
        flows.settle()
        scene.note(flows)
        try scene.finish()
    }

    // MARK: What must not be accepted

    /// Frames that somebody puts on the wire towards node 2: a counter for each, and nothing for the pod.
    func injection() throws {
        let scene = try scene("injection")
        let (source, target) = (pods[0], pods[1])
        let node = target.node
        let pinger = try Pinger(from: topology[source], to: target.address(.v4))
        scene.note("before", .bool(pinger.ping()))
        try scene.wire.collect()
        guard let genuine = scene.wire.frames.last(where: { $0.spi != nil && $0.receiver == node.number })?.bytes else {
            throw Failure("no ESP towards \(node.name) on the wire")
        }
        let clear = clearFrame(from: source, to: target)
        var forged = genuine
        // ESP begins behind 14 bytes of Ethernet and 20 of IPv4: SPI, then the sequence number.
        forged[40] += 1
        var unknown = genuine
        unknown[34] = 0x77
        let socket = try Socket.datagrams(.v4, in: topology[target])
        try socket.bind(target.address(.v4), port: 7000)
        for (name, frame) in [("replayed", genuine), ("forged", forged), ("unknown", unknown), ("clear", clear)] {
            let before = try topology[node].counters()
            try inject(frame, towards: node)
            // What comes behind it has been taken when it is answered.
            scene.note("\(name)-after", .bool(pinger.ping()))
            let after = try topology[node].counters()
            let counted = after.filter { $0.value != before[$0.key] }.sorted { $0.key < $1.key }
            scene.note(name, .object(counted.map { .init($0.key, JSONValue($0.value - before[$0.key, default: 0])) }))
        }
        scene.note("received", .array(socket.receive().map { ["\(String(decoding: $0, as: UTF8.self))"] } ?? []))
        try scene.finish()
    }

    private func inject(_ frame: [UInt8], towards node: GuestNode) throws {
        let descriptor = try checked(sc_open_capture(nil), "a socket for frames")
        defer { close(descriptor) }
        // In bounds: the array's own count. The name ends with a zero, which Swift provides.
        try checked(
            unsafe frame.withUnsafeBytes { unsafe sc_send_frame(descriptor, node.name, $0.baseAddress, $0.count) },
            "a frame towards \(node.name)")
    }

    /// A datagram between pods as it would be without encryption.
    private func clearFrame(from source: GuestPod, to target: GuestPod) -> [UInt8] {
        let flow = PacketFlow(
            source: SocketAddress(source.address(.v4), port: 7000),
            destination: SocketAddress(target.address(.v4), port: 7000))
        let text = Array("clear".utf8)
        let port: [UInt8] = [0x1b, 0x58]
        // Ports (7000), length, no checksum.
        let datagram = port + port + [0, UInt8(8 + text.count), 0, 0] + text
        let frame = PacketBuilder(flow).frame(carrying: .udp, datagram)
        return target.node.uplinkHardwareAddress + source.node.uplinkHardwareAddress + frame.dropFirst(12)
    }

    /// H17: a packet that ends its life at the receiving node, which tells the sender.
    func errors() throws {
        let scene = try scene("errors")
        for family in AddressFamily.both {
            let pinger = try Pinger(from: topology[pods[1]], to: pods[2].address(family))
            try pinger.set(SC_TIME_TO_LIVE, to: 2)
            pinger.send()
            // What comes behind it has been taken when it is answered.
            scene.note(
                "after-\(family)", .bool(try Pinger(from: topology[pods[1]], to: pods[2].address(family)).ping()))
        }
        try scene.finish()
    }

    /// Node 3 has other bytes under the same SPI, until all have a new version.
    func wrongKey(_ cluster: Cluster, spi: UInt32) throws {
        let scene = try scene("wrong-key")
        let node = GuestNode(3)
        try cluster.write(GuestKeys.file(spi: spi, key: 1), toKeyFileOf: node)
        let there = try Pinger(from: topology[pods[0]], to: pods[2].address(.v4))
        func refused() throws -> Int { try topology[node].counters()["XfrmInStateProtoError", default: 0] }
        let before = try refused()
        do {
            // While the node replaces its states there are none for a moment: that is refused as well.
            try wait(for: "a wrong key to be refused", seconds: 30) {
                try !there.ping(milliseconds: 1000) && refused() > before
            }
        } catch {
            throw Failure("\(error)\n\(cluster.log(of: node))\n\(try rules(of: node))")
        }
        scene.note("counted", try scene.counters(of: node))
        // Of the old bytes its states would begin anew, behind the replay windows of the others: a new version is needed.
        for node in GuestNode.all { try cluster.write(GuestKeys.file(spi: spi + 1), toKeyFileOf: node) }
        try waitEncrypted(under: spi + 1, pods)
        try scene.finish()
    }

    // MARK: What goes, and what stays

    /// Node 3 leaves: what the others had for it goes, what they have for each other stays in use.
    func removal(_ cluster: Cluster) throws {
        let scene = try scene("removal")
        let gone = GuestNode(3)
        cluster.kill(gone)
        let flows = try Flows(topology, Array(pods.prefix(2)))
        flows.rounds(5)
        removeFile(Cluster.infoFile(of: gone))
        for node in GuestNode.all.prefix(2) {
            try flows.rounds(until: "the end of the rules for \(gone.name)") {
                try !rules(of: node).contains("\(gone.address(cluster.outer))")
            }
        }
        flows.rounds(10)
        flows.settle()
        scene.note(flows)
        try scene.finish()
    }

    /// What `ip xfrm` lists of a node.
    func rules(of node: GuestNode) throws -> String {
        try topology[node].inside { try run("ip", "xfrm", "state") + run("ip", "xfrm", "policy") }
    }

    /// Rules and filters of somebody else on node 1, before any agent.
    func addForeign() throws {
        try topology[GuestNode(1)].inside {
            try run("ip", "-batch", "-", input: Self.foreignRules)
            for device in Self.foreignFilters {
                try run(
                    "tc", "-batch", "-",
                    input: """
                        qdisc add dev \(device) clsact
                        filter add dev \(device) ingress pref 7 handle 0x77 matchall action continue

                        """)
            }
        }
    }

    /// What is there of it in the end, when the agent has been detached.
    func foreign(_ cluster: Cluster) throws {
        let scene = try scene("foreign")
        let node = GuestNode(1)
        scene.note("status", .string(try cluster.ask(node, "encryption", "status").text))
        scene.note("detached", .string(try cluster.detach(node)))
        scene.note("pins", .string(try runToEnd(["find", "/sys/fs/bpf/\(node.name)", "-type", "f"]).text))
        scene.note("rules", .string(try rules(of: node)))
        for device in Self.foreignFilters {
            scene.note(
                "filters-\(device)",
                .string(try topology[node].inside { try run("tc", "filter", "show", "dev", device, "ingress") }))
        }
        try scene.finish()
    }

    private static let foreignFilters = [GuestNode.uplink, "veth-a"]
    private static let foreignRules = """
        xfrm state add src 203.0.113.1 dst 203.0.113.2 proto esp spi 0x999 reqid 77 mode tunnel \
        aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128
        xfrm policy add src 198.51.100.0/24 dst 203.0.113.0/24 dir out \
        tmpl src 203.0.113.1 dst 203.0.113.2 proto esp spi 0x999 reqid 77 mode tunnel

        """

    /// Node 1 anew with upstream's preset, beside node 2 as it is.
    func upstream(_ cluster: Cluster) throws {
        let scene = try scene("upstream")
        try cluster.start(GuestNode(1), preset: .upstream)
        try cluster.managePods(of: GuestNode(1))
        let flows = try Flows(topology, Array(pods.prefix(2)), [.v4])
        try wait(for: "answers between the presets", seconds: 120) {
            let one = try Flows(topology, Array(pods.prefix(2)), [.v4])
            one.round()
            one.settle(seconds: 2)
            return one.lost.isEmpty
        }
        flows.rounds(10)
        flows.settle()
        scene.note(flows)
        try scene.finish()
    }
}
