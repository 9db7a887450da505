import CSocketCalls
import Glibc
import GuestLayout
import Model

/// Agents on the nodes, each with its own directories; what they tell each other is in one that all share.
final class Cluster {
    private let topology: Topology
    private let tool: String
    /// The family between nodes.
    let outer: AddressFamily
    private var agents: [GuestNode: Program] = [:]

    static let directory = "/run/cluster"
    static let infos = "\(directory)/infos"

    init(_ topology: Topology, tool: String, outer: AddressFamily) throws {
        self.topology = topology
        self.tool = tool
        self.outer = outer
        for path in [Self.directory, Self.infos, "\(Self.directory)/mesh"] { makeDirectory(path) }
        try writeFile("\(Self.directory)/mesh/pods.yaml", GuestNode.all.flatMap(\.pods).map(Self.manifest).joined())
        for node in GuestNode.all {
            makeDirectory(Self.directory(of: node))
            makeDirectory("/sys/fs/cgroup/\(node.name)")
            try write(GuestKeys.file(spi: 1), toKeyFileOf: node)
        }
    }

    static func directory(of node: GuestNode) -> String { "\(directory)/\(node.name)" }

    static func infoFile(of node: GuestNode) -> String { "\(infos)/\(node.name).yaml" }

    private static func manifest(_ pod: GuestPod) -> String {
        let addresses = AddressFamily.both.map { "{ip: \"\(pod.address($0))\"}" }.joined(separator: ", ")
        return """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: \(pod.name), namespace: shop}
            spec: {nodeName: \(pod.node.name), containers: [{name: c, image: x}]}
            status:
              phase: Running
              podIP: \(pod.address(.v4))
              podIPs: [\(addresses)]
              conditions: [{type: Ready, status: "True"}]

            """
    }

    // MARK: Keys

    /// Replaces a node's key file as a whole.
    func write(_ key: String, toKeyFileOf node: GuestNode) throws {
        let file = "\(Self.directory(of: node))/key.json"
        try writeFile(file + ".new", key, mode: 0o600)
        // rename(2) reads the paths up to their ends, which Swift provides.
        if unsafe rename(file + ".new", file) != 0 { throw Failure("cannot rename \(file).new") }
    }

    // MARK: Agents

    private func places(_ node: GuestNode) -> [String] {
        ["--pin-dir", "/sys/fs/bpf/\(node.name)", "--state-dir", "\(Self.directory(of: node))/state"]
    }

    /// Starts a node's agent.
    func launch(_ node: GuestNode, preset: Preset = .hardened) throws {
        var arguments = [
            tool, "agent", "--node", node.name, "--mesh", "\(Self.directory)/mesh", "--preset", preset.rawValue,
            "--cgroup", "/sys/fs/cgroup/\(node.name)", "--uplink", GuestNode.uplink,
            "--encryption-key", "\(Self.directory(of: node))/key.json", "--node-info", Self.infos,
            "--node-address", "\(node.address(outer))",
        ]
        for family in AddressFamily.both {
            arguments += ["--pod-cidr", "\(node.prefix(family))", "--pod-gateway", "\(node.gateway(family))"]
        }
        agents[node] = try topology[node].inside { try Program(arguments + places(node)) }
    }

    /// Whether a node's agent has put all in force; throws when it has ended.
    func isInForce(_ node: GuestNode) throws -> Bool {
        guard let agent = agents[node] else { throw Failure("no agent on \(node.name)") }
        if agent.text.contains("in force cgroup=") { return true }
        if agent.hasEnded { throw Failure("the agent of \(node.name) ended with \(agent.code ?? 0):\n\(agent.text)") }
        return false
    }

    func start(_ node: GuestNode, preset: Preset = .hardened) throws {
        try launch(node, preset: preset)
        try wait(for: "an agent in force on \(node.name)", seconds: 180) { try isInForce(node) }
    }

    /// Puts the node's pods under the mesh.
    func managePods(of node: GuestNode) throws {
        for pod in node.pods { try change(pod, "manage", "--pod", "shop/\(pod.name)") }
    }

    /// Puts a pod under the mesh, or takes it out (`release`).
    func change(_ pod: GuestPod, _ command: String, _ arguments: String...) throws {
        let done = try topology[pod.node].inside {
            try runToEnd([tool, command, "--netns", "/run/netns/\(pod.name)"] + arguments + places(pod.node))
        }
        guard done.code == 0 else { throw Failure("\(command) of \(pod.name) failed: \(done.text)") }
    }

    /// Kills a node's agent, as a crash would.
    func kill(_ node: GuestNode) { agents[node]?.kill() }

    /// Ends a node's agent, and removes all that it made.
    func detach(_ node: GuestNode) throws -> String {
        agents[node]?.kill(SIGTERM)
        guard agents[node]?.wait(milliseconds: 60_000) == true else {
            throw Failure("the agent of \(node.name) does not end:\n\(log(of: node))")
        }
        return try topology[node].inside { try runToEnd([tool, "detach"] + places(node)).text }
    }

    /// Ends all agents, and removes all that they made.
    func end() throws {
        for node in GuestNode.all {
            _ = try detach(node)
            removeFile(Self.infoFile(of: node))
        }
    }

    /// What a node's agent wrote.
    func log(of node: GuestNode) -> String { agents[node]?.text ?? "" }

    /// What a command of the tool says of a node.
    func ask(_ node: GuestNode, _ arguments: String...) throws -> (code: Int, text: String) {
        try topology[node].inside { try runToEnd([tool] + arguments + places(node)) }
    }

    /// All infos that nodes have published.
    static func published() -> String {
        GuestNode.all.compactMap { try? readFile(infoFile(of: $0)) }.map { "---\n" + $0 }.joined()
    }
}
