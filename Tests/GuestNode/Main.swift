import CSocketCalls
import Glibc
import GuestLayout

/// Runs the scenes of the guest, all by itself in a machine that ends with it: guest-node RESULTS [SCENE]...
@main
struct Main {
    static func main() {
        let words = CommandLine.arguments
        guard words.count >= 2 else {
            say("usage: guest-node RESULTS [SCENE]...")
            exit(2)
        }
        do {
            try run(results: words[1], only: Array(words.dropFirst(2)))
        } catch {
            say("guest-node: \(error)")
            exit(1)
        }
    }

    private static func run(results: String, only wanted: [String]) throws {
        let start = sc_monotonic_ns()
        func step(_ name: String, _ body: () throws -> Void) {
            guard wanted.isEmpty || wanted.contains(name) else { return }
            let before = sc_monotonic_ns()
            // The next may work all the same; what a scene has not written, its tests miss.
            do { try body() } catch { say("guest-node: \(name) failed: \(error)") }
            let now = sc_monotonic_ns()
            say("guest-node: \(name) \((now - before) / 1_000_000) ms, at \((now - start) / 1_000_000) ms")
        }
        let topology = try Topology()
        say("guest-node: topology at \((sc_monotonic_ns() - start) / 1_000_000) ms")
        let programs = ProgramScenes(results: results)
        step("doctor") { try programs.doctor() }
        step("differential") { try programs.differential() }
        let scenes = StaticScenes(topology: topology, results: results)
        step("pair-v4") { try scenes.pair(.v4) }
        step("pair-v6") { try scenes.pair(.v6) }
        step("triple") { try scenes.triple() }
        let agents = AgentScenes(topology: topology, results: results, tool: programs.tool)
        step("agents") { runAgents(agents, step) }
        try writeFile("\(results)/complete", "")
    }
}

/// One after another, each on what the one before has left.
private func runAgents(_ scenes: AgentScenes, _ step: (String, () throws -> Void) -> Void) {
    var made: Cluster?
    step("agents-start") {
        try scenes.addForeign()
        made = try scenes.start(.v4)
    }
    guard let cluster = made else { return }
    step("traffic-v4") { try scenes.traffic("traffic-v4", pods: scenes.pods, byteCounts: [0, 1, 2, 3, 56, 1300]) }
    step("errors") { try scenes.errors() }
    step("injection") { try scenes.injection() }
    step("rotation") { try scenes.rotation(cluster, to: 2) }
    step("crash") { try scenes.crash(cluster) }
    step("wrong-key") { try scenes.wrongKey(cluster, spi: 2) }
    step("removal") { try scenes.removal(cluster) }
    step("foreign") { try scenes.foreign(cluster) }
    step("upstream") { try scenes.upstream(cluster) }
    var isOver = false
    step("agents-end") {
        try cluster.end()
        isOver = true
    }
    if isOver { runOuterIPv6(scenes, step) }
}

/// The same with IPv6 between the nodes, and the second pods.
private func runOuterIPv6(_ scenes: AgentScenes, _ step: (String, () throws -> Void) -> Void) {
    let spi: UInt32 = 5
    var made: Cluster?
    step("unknown-key") { made = try scenes.unknownKey(spi: spi) }
    guard let cluster = made else { return }
    step("unmarked") { try scenes.unmarked(cluster, spi: spi) }
    step("traffic-v6") {
        let pods = ["a", "b"].flatMap { letter in GuestNode.all.map { $0.pod(letter) } }
        try scenes.traffic("traffic-v6", pods: pods, byteCounts: [0, 1300])
    }
    step("missing-state") { try scenes.missingState(cluster, spi: spi) }
}

/// Writes a line at once: what was said before a crash is known.
func say(_ line: String) {
    let line = line + "\n"
    // In bounds: the text's own count.
    _ = unsafe write(STDOUT_FILENO, line, line.utf8.count)
}
