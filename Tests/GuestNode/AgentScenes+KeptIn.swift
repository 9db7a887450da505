import CSocketCalls
import CommandLineTool
import GuestLayout
import Model

/// Agents on nodes with IPv6 between them: what cannot be encrypted, or is not marked for it, stays in.
extension AgentScenes {
    /// H20: node 3 comes with a version of the key that the others have never had, and has never had theirs; then they
    /// get it.
    func unknownKey(spi: UInt32) throws -> Cluster {
        let cluster = try Cluster(topology, tool: tool, outer: .v6)
        let stranger = GuestNode(3)
        let others = GuestNode.all.filter { $0 != stranger }
        try cluster.write(GuestKeys.file(spi: spi), toKeyFileOf: stranger)
        for node in GuestNode.all { try cluster.launch(node) }
        for node in GuestNode.all {
            try wait(for: "an agent in force on \(node.name)", seconds: 180) { try cluster.isInForce(node) }
            try cluster.managePods(of: node)
        }
        try waitEncrypted(under: 1, others.map { $0.pod("a") })
        for node in GuestNode.all {
            try wait(for: "blocked pods in the status of \(node.name)") {
                try cluster.ask(node, "encryption", "status").text.contains("blocked")
            }
        }
        let scene = try scene("unknown-key")
        let flows = try Flows(topology, pods)
        flows.rounds(5)
        flows.settle(seconds: 2)
        scene.note(flows)
        for node in GuestNode.all {
            scene.note("counted-\(node.name)", try scene.counters(of: node))
            try scene.noteStatus("status-\(node.name)", of: node, cluster)
        }
        for node in others { try cluster.write(GuestKeys.file(spi: spi), toKeyFileOf: node) }
        try waitEncrypted(under: spi, pods)
        for node in GuestNode.all { try scene.noteStatus("healed-\(node.name)", of: node, cluster) }
        try scene.finish()
        return cluster
    }

    /// A pod is released, so that no program marks its packets, and managed again.
    func unmarked(_ cluster: Cluster, spi: UInt32) throws {
        let (pod, peer) = (GuestNode(1).pod("b"), GuestNode(2).pod("a"))
        try cluster.change(pod, "release")
        let probe = try Pinger(from: topology[peer], to: pod.address(.v4))
        try wait(for: "the end of marking of \(pod.name)") { !probe.ping(milliseconds: 500) }
        let scene = try Scene("unmarked", topology, in: results, pods: [pod, peer])
        let flows = try Flows(topology, [pod, peer])
        flows.rounds(5)
        flows.settle(seconds: 2)
        scene.note(flows)
        scene.note("counted", try scene.counters(of: pod.node))
        try cluster.change(pod, "manage", "--pod", "shop/\(pod.name)")
        try waitEncrypted(under: spi, [pod, peer])
        try scene.finish()
    }

    /// Somebody deletes the state by which node 1 sends to node 2.
    func missingState(_ cluster: Cluster, spi: UInt32) throws {
        let scene = try scene("missing-state")
        let (node, peer) = (GuestNode(1), GuestNode(2))
        let ends = "src \(node.address(cluster.outer)) dst \(peer.address(cluster.outer))"
        let both = Array(pods.prefix(2))
        let flows = try Flows(topology, both)
        flows.rounds(5)
        flows.settle()
        scene.note("before", .array(flows.lost.map { "\($0)" }))
        try topology[node].inside {
            _ = try run("ip", "-batch", "-", input: "xfrm state delete \(ends) proto esp spi \(spi)\n")
        }
        let deleted = sc_monotonic_ns()
        flows.rounds(5)
        scene.note("counted", try scene.counters(of: node))
        try flows.rounds(until: "the state again") { try rules(of: node).contains("\(ends)\n\tproto esp spi") }
        scene.note("milliseconds", JSONValue((sc_monotonic_ns() - deleted) / 1_000_000))
        let after = try Flows(topology, both)
        after.rounds(10)
        after.settle()
        scene.note(after)
        try scene.finish()
    }
}

extension Scene {
    /// What `encryption status` says at a node.
    fileprivate func noteStatus(_ name: String, of node: GuestNode, _ cluster: Cluster) throws {
        let said = try cluster.ask(node, "encryption", "status")
        note(name, .string(said.text))
        note("\(name)-code", JSONValue(said.code))
    }
}
