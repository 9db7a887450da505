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
    /// Before the scene: counters of the kernel never go back.
    private var countersBefore: [String: [String: Int]] = [:]

    /// - Parameter pods: Whose interfaces are captured, beside the wire.
    init(_ name: String, _ topology: Topology, in results: String, pods: [GuestPod]) throws {
        self.name = name
        self.topology = topology
        directory = "\(results)/\(name)"
        makeDirectory(directory)
        wire = try Capture(nil, in: .wire)
        captures = try pods.map { try Capture(GuestPod.interface, in: topology[$0]) }
        for node in GuestNode.all { countersBefore[node.name] = try topology[node].counters() }
    }

    func note(_ name: String, _ value: JSONValue) { facts.append(.init(name, value)) }

    /// What flows sent and lost.
    func note(_ flows: Flows) {
        note("sent", JSONValue(flows.sentCount))
        note("lost", .array(flows.lost.map { "\($0)" }))
    }

    /// Runs `ip xfrm` for each change at its node, in order.
    /// - Returns: the places in the list of those that the kernel refuses because there is such a one.
    @discardableResult
    func apply(_ changes: [(node: GuestNode, change: XFRMChange)]) throws -> [Int] {
        commands += changes.map { "[\($0.node.name)] ip \($0.change.command)\n" }.joined()
        var refused: [Int] = []
        var place = 0
        while place < changes.count {
            let node = changes[place].node
            // ip ends with the first command of a list that is refused: what may be stands at an end of its list.
            let list = changes[place...].prefix { $0.node == node }.prefix(while: { !$0.change.addsState })
                .map(\.change)
            let all = list.isEmpty ? [changes[place].change] : list
            let done = try topology[node].inside {
                try runToEnd(["ip", "-batch", "-"], input: all.map { $0.command + "\n" }.joined())
            }
            if done.code != 0 {
                guard all.count == 1, done.text.contains("File exists") else {
                    throw Failure("\(node.name): ip says: \(done.text)")
                }
                refused.append(place)
            }
            place += all.count
        }
        return refused
    }

    /// Takes all rules of all nodes away.
    func flush() throws {
        for node in GuestNode.all {
            try topology[node].inside {
                _ = try run("ip", "-batch", "-", input: "xfrm state flush\nxfrm policy flush\n")
            }
        }
    }

    /// What a node's /proc/net/xfrm_stat has counted in the scene, without zeros.
    func counters(of node: GuestNode) throws -> JSONValue {
        let before = countersBefore[node.name] ?? [:]
        let counted = try topology[node].counters().map { ($0.key, $0.value - before[$0.key, default: 0]) }
        return .object(
            counted.filter { $0.1 != 0 }.sorted { $0.0 < $1.0 }.map { .init($0.0, JSONValue($0.1)) })
    }

    /// Notes the nodes' counters, and writes all that there is.
    func finish() throws {
        note("counters", .object(try GuestNode.all.map { .init($0.name, try counters(of: $0)) }))
        for capture in [wire] + captures { try capture.write(to: directory) }
        if !commands.isEmpty { try writeFile("\(directory)/commands.txt", commands) }
        try writeFile("\(directory)/facts.json", JSONValue.object(facts).pretty + "\n")
    }
}

extension XFRMChange {
    fileprivate var addsState: Bool {
        if case .addState = self { true } else { false }
    }
}
