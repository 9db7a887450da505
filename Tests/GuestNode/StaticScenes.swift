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
        scene.note("stream", .bool(try Traffic.exchange(from: pods[0], to: pods[1], family, topology)))
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
        scene.note("heard", .array(try Traffic.heard(pods, topology).map { "\($0)" }))
        try scene.finish()
        try scene.flush()
        try unmark(pods)
    }
}
