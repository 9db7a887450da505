import Model
import Sim

/// A schedule that breaks a rotation as a scenario file, which `kmesh-sim run` goes through packet by packet.
struct RotationScenario {
    private let cluster: RotationCluster
    private let acts: [RotationAct]
    private let failures: [RotationFailure]

    /// - Returns: nil where nothing is broken.
    init?(_ result: RotationResult) {
        guard case .broken(let acts, let failures) = result.outcome else { return nil }
        cluster = result.cluster
        self.acts = acts
        self.failures = failures
    }

    var text: String {
        var lines = ["name: A rotation that breaks"]
        lines.append("description: Found by kmesh-sim rotation; the shortest way there is.")
        lines.append("preset: \(cluster.preset.rawValue)")
        lines.append("nodes:")
        for node in 0..<cluster.nodeCount {
            let place = "addresses: [\(RotationCluster.address(node))], podCIDRs: [\(RotationCluster.podPrefix(node))]"
            lines.append("  - {name: \(name(node)), \(place)}")
        }
        lines.append("mesh:")
        for node in 0..<cluster.nodeCount { lines += pod(of: node) }
        lines.append("encryption:")
        lines.append("  key: \(key(RotationCluster.oldSPI))")
        lines.append("  nodes:")
        for node in 0..<cluster.nodeCount {
            lines.append("    - {name: \(name(node)), bootID: \(RotationCluster.info(node).bootID)}")
        }
        lines.append("steps:")
        lines.append("  - holdUpdates: all")
        for act in acts { lines += steps(act).map { "  - \($0)" } }
        for failure in failures { lines += expectation(failure) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func pod(of node: Int) -> [String] {
        [
            "  - inline:",
            "      apiVersion: v1", "      kind: Pod",
            "      metadata: {name: \(podName(node)), namespace: default}",
            "      spec: {nodeName: \(name(node)), containers: [{name: app}]}",
            "      status: {phase: Running, podIP: \(address(ofPodAt: node))}",
        ]
    }

    private func steps(_ act: RotationAct) -> [String] {
        switch act.event {
        case .rotate(let node):
            ["rotateKey: {nodes: [\(name(node))], key: \(key(RotationCluster.newSPI)), wait: true}"]
        case .deliver(let from, let to):
            // Delivering lets what is published later through as well.
            [
                "deliverUpdates: {of: \(name(from)), at: \(name(to)), wait: true}",
                "holdUpdates: {of: \(name(from)), at: \(name(to))}",
            ]
        case .step(let node): ["encryptionStep: {node: \(name(node)), count: \(act.steps.count)}"]
        case .quiet(let node, let other): [flow(from: other, to: node), "advance: 60s", "advance: 60s"]
        case .restart(let node): ["restartAgent: {nodes: [\(name(node))], wait: true}"]
        case .reboot(let node): ["restartNode: {node: \(name(node)), wait: true}"]
        }
    }

    private func expectation(_ failure: RotationFailure) -> [String] {
        let (source, target) = (failure.source, failure.target)
        let note = "  - note: \"\(RotationPhrases.failure(failure))\""
        guard failure.isError else {
            let wrong = failure.verdict.isClear ? "leaks: 1" : "loss: 1"
            return [note, "    \(flow(from: source, to: target))", "    expect: {\(wrong)}"]
        }
        // The other's packet ends here, and this node tells of it.
        let wrong = failure.verdict.isClear ? "nodeErrors: clear" : "nodeErrors: withheld"
        return [note, "    \(flow(from: target, to: source, timeToLive: 2))", "    expect: {\(wrong)}"]
    }

    private func flow(from source: Int, to target: Int, timeToLive: Int? = nil) -> String {
        "flow: {from: \(podName(source)), to: \"\(podName(target)):80\""
            + (timeToLive.map { ", timeToLive: \($0)" } ?? "") + "}"
    }

    /// Everybody knows these keys.
    private func key(_ spi: SPI) -> String {
        let testKey = spi == RotationCluster.oldSPI ? "AQEBAQEBAQEBAQEBAQEBAQEBAQE=" : "AgICAgICAgICAgICAgICAgICAgI="
        return "{spi: \(spi.rawValue), testKey: \"\(testKey)\"}"
    }

    private func name(_ node: Int) -> String { RotationCluster.name(node) }
    private func podName(_ node: Int) -> String { name(node).replacing("node", with: "pod") }
    private func address(ofPodAt node: Int) -> String { "10.244.\(node + 1).10" }
}

extension RotationVerdict {
    fileprivate var isClear: Bool {
        if case .clear = self { true } else { false }
    }
}
