import CSocketCalls
import CommandLineTool
import Crypto
import GuestLayout
import Model

/// Upstream's rules, applied by `ip xfrm`, without an agent.
struct StaticScenes {
    let topology: Topology
    let results: String

    /// What leaves a pod gets the mark that policies encrypt by.
    func mark(_ pods: [GuestPod]) throws {
        for node in Set(pods.map(\.node)) {
            let commands = pods.filter { $0.node == node }.map { pod in
                "qdisc add dev \(pod.hostInterface) clsact\n"
                    + "filter add dev \(pod.hostInterface) ingress matchall action skbedit mark 0xe0\n"
            }
            try topology[node].inside { _ = try run("tc", "-batch", "-", input: commands.joined()) }
        }
    }

    func unmark(_ pods: [GuestPod]) throws {
        for pod in pods {
            try topology[pod.node].inside { _ = try run("tc", "qdisc", "del", "dev", pod.hostInterface, "clsact") }
        }
    }

    /// Two nodes; packets of several sizes and headers.
    func pair(_ family: AddressFamily) throws {
        let nodes = Array(GuestNode.all.prefix(2))
        let pods = nodes.map { $0.pod("a") }
        let scene = try Scene("pair-\(family)", topology, in: results, pods: pods)
        try mark(pods)
        try scene.apply(try GuestRules.upstream(nodes, outer: family) { SHA512.digest(of: $0) })
        let pinger = try Pinger(from: topology[pods[0]], to: pods[1].address(family))
        var answers: [JSONValue] = []
        for size in [0, 1, 2, 3, 56, 700, 1350] { answers.append(.bool(pinger.ping(byteCount: size))) }
        for trafficClass in [0xb8, 1, 2] {
            try pinger.set(SC_TRAFFIC_CLASS, to: trafficClass)
            answers.append(.bool(pinger.ping()))
        }
        scene.note("answers", .array(answers))
        scene.note("stream", .bool(try exchange(from: pods[0], to: pods[1], family)))
        try scene.finish()
        try scene.flush()
        try unmark(pods)
    }

    /// Three nodes on one SPI: who hears whom. A datagram from each pod to each other node's.
    func triple() throws {
        let pods = GuestNode.all.map { $0.pod("a") }
        let scene = try Scene("triple", topology, in: results, pods: pods)
        try mark(pods)
        let refused = try scene.apply(try GuestRules.upstream(GuestNode.all, outer: .v4) { SHA512.digest(of: $0) })
        scene.note("refused", .array(refused.map { JSONValue($0) }))
        scene.note("heard", .array(try Self.heard(pods, topology).map { "\($0)" }))
        try scene.finish()
        try scene.flush()
        try unmark(pods)
    }

    /// Pairs of names of pods, sender first, whose datagram arrived.
    static func heard(_ pods: [GuestPod], _ topology: Topology, _ family: AddressFamily = .v4) throws -> [String] {
        let sockets = try pods.map { pod in
            let socket = try Socket.datagrams(family, in: topology[pod])
            try socket.bind(pod.address(family), port: 7000)
            return socket
        }
        var sent = 0
        for (index, pod) in pods.enumerated() {
            for other in pods where other.node != pod.node {
                sockets[index].send(
                    Array("\(pod.name) > \(other.name)".utf8)[...], to: other.address(family), port: 7000)
                sent += 1
            }
        }
        // All run on one machine: a packet has arrived, or been dropped, when send has returned and softirqs ran.
        var heard: [String] = []
        for socket in sockets {
            while heard.count < sent, socket.waitReadable(milliseconds: 1000), let text = socket.receive() {
                heard.append(String(decoding: text, as: UTF8.self))
            }
        }
        return heard.sorted()
    }

    /// A stream from one pod to another, which sends back what it gets.
    /// - Returns: Whether all came back.
    func exchange(from client: GuestPod, to server: GuestPod, _ family: AddressFamily) throws -> Bool {
        let listener = try Socket.stream(family, in: topology[server])
        try listener.bind(server.address(family), port: 7001)
        try listener.listen()
        let socket = try Socket.stream(family, in: topology[client])
        try socket.connect(to: server.address(family), port: 7001)
        var accepted: Socket?
        try wait(
            for: "a connection",
            until: {
                accepted = listener.accept()
                return accepted != nil
            })
        guard let accepted else { return false }
        let text = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        let sent = socket.send(text[...])
        guard sent == text.count else { return false }
        var (echoed, back) = (0, [UInt8]())
        try wait(
            for: "all of a stream",
            until: {
                if let bytes = accepted.receive(), !bytes.isEmpty { echoed += accepted.send(bytes[...]) }
                if let bytes = socket.receive() { back += bytes }
                return back.count >= text.count
            })
        return back == text && echoed == text.count
    }
}
