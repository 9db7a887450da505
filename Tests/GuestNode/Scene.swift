import CommandLineTool
import Glibc
import GuestLayout
import Model

/// What happens once, with captures of it: a directory of the results with `facts.json`, the captures by their
/// namespaces' names, and the rules that were applied (`commands.txt`) where no agent made them.
final class Scene {
    let name: String
    let directory: String
    let topology: Topology
    private var facts: [JSONValue.Member] = []
    private var commands = ""
    private(set) var wire: Capture
    private var captures: [Capture] = []

    /// - Parameter pods: Whose interfaces are captured, beside the wire.
    init(_ name: String, _ topology: Topology, in results: String, pods: [GuestPod]) throws {
        self.name = name
        self.topology = topology
        directory = "\(results)/\(name)"
        makeDirectory(directory)
        wire = try Capture(nil, in: .wire)
        captures = try pods.map { try Capture(GuestPod.interface, in: topology[$0]) }
    }

    func note(_ name: String, _ value: JSONValue) { facts.append(.init(name, value)) }

    /// Runs `ip xfrm` for each change at its node.
    /// - Returns: the places in the list of those that the kernel refuses because there is such a one.
    @discardableResult
    func apply(_ changes: [(node: GuestNode, change: XFRMChange)]) throws -> [Int] {
        commands += changes.map { "[\($0.node.name)] ip \($0.change.command)\n" }.joined()
        var refused: [Int] = []
        for node in GuestNode.all {
            let places = changes.indices.filter { changes[$0].node == node }
            guard !places.isEmpty else { continue }
            let done = try topology[node].inside {
                try runToEnd(
                    ["ip", "-force", "-batch", "-"], input: places.map { changes[$0].change.command + "\n" }.joined())
            }
            for line in done.text.split(separator: "\n") {
                if let number = line.split(separator: ":").last.flatMap({ Int($0) }), line.hasPrefix("Command failed") {
                    refused.append(places[number - 1])
                } else if !line.hasSuffix("File exists") {
                    throw Failure("\(node.name): ip says: \(line)")
                }
            }
        }
        return refused.sorted()
    }

    /// Takes all rules of all nodes away.
    func flush() throws {
        for node in GuestNode.all {
            try topology[node].inside {
                _ = try run("ip", "-batch", "-", input: "xfrm state flush\nxfrm policy flush\n")
            }
        }
    }

    /// Notes the nodes' counters, and writes all that there is.
    func finish() throws {
        note(
            "counters",
            .object(
                try GuestNode.all.map { node in
                    .init(
                        node.name,
                        .object(try topology[node].counters().map { .init($0.name, JSONValue($0.count)) }))
                }))
        for capture in [wire] + captures { try capture.write(to: directory) }
        if !commands.isEmpty { try writeFile("\(directory)/commands.txt", commands) }
        try writeFile("\(directory)/facts.json", JSONValue.object(facts).pretty + "\n")
    }
}
