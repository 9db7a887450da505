import Foundation
import Glibc
import KernelTestSupport
import Model
import SocketDriverProtocol
import TestSupport
import Testing

/// A node of its own: a cgroup, directories for pins, state and mesh, and a process with sockets in a namespace that is
/// managed as pod `shop/client`. Everything goes with the value.
struct TestNode: ~Copyable {
    /// Before the rest, so that it ends first.
    var agent: AgentProcess?
    var driver: SocketDriver
    /// Every address is local there, and wildcard listeners accept.
    let pod: NamespaceMade
    let cgroup: TestCgroup
    private let pinParent: TestPinDirectory
    let scratch: ScratchDirectory
    /// Further arguments of each agent.
    var options: [String] = []
    private var runs = 0

    /// Ports of the listeners in the pod.
    static let ports: [UInt16] = [80, 81, 8080, 8081, 8082, 15008]

    /// - Parameter mesh: Files by name.
    init(_ mesh: [String: String], _ options: String...) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        let scratch = try ScratchDirectory()
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/mesh", withIntermediateDirectories: false)
        for (name, text) in mesh { try scratch.write(text, to: "mesh/\(name)", atomically: true) }
        var driver = try SocketDriver(inCgroup: cgroup.directory)
        let pod = try driver.makeNamespace()
        _ = try driver.listen(on: Self.ports, in: pod.number)
        self.cgroup = cgroup
        pinParent = pins
        self.scratch = scratch
        self.driver = driver
        self.options = options
        self.pod = pod
    }

    // MARK: Places

    /// Removed by `detach`, which its parent survives.
    var pinDirectory: String { "\(pinParent.path)/pins" }
    var stateDirectory: String { "\(scratch.path)/state" }
    var meshDirectory: String { "\(scratch.path)/mesh" }
    /// What all commands but `agent` want to know.
    var places: [String] { ["--pin-dir", pinDirectory, "--state-dir", stateDirectory] }
    /// What the agent wants to know.
    var agentArguments: [String] {
        ["agent", "--mesh", meshDirectory, "--cgroup", cgroup.directory, "--node", "node-a"] + places + options
    }

    /// Writes a file of the mesh, which appears at its place as a whole.
    func write(_ name: String, _ text: String) throws { try scratch.write(text, to: "mesh/\(name)", atomically: true) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(meshDirectory)/\(name)") }

    // MARK: The agent

    /// Starts an agent, in place of the one before, which is killed.
    mutating func launch(_ further: [String] = []) throws {
        runs += 1
        agent = nil
        agent = try AgentProcess(agentArguments + further, files: "\(scratch.path)/agent-\(runs)")
    }

    /// Starts an agent and waits until its log has a text.
    mutating func start(_ further: [String] = [], until text: String = "in force") throws {
        try launch(further)
        try waitForLog(text)
    }

    /// An agent that is to end by itself, within ten seconds.
    mutating func finished(_ further: [String] = []) throws -> Finished {
        runs += 1
        let files = "\(scratch.path)/agent-\(runs)"
        var process = try AgentProcess(agentArguments + further, files: files)
        guard let code = process.wait() else { throw Missing("the end of an agent did not come; log:\n\(log)") }
        return Finished(code: code, output: output, errors: log)
    }

    /// Runs another command on the node's directories.
    @discardableResult
    func tool(_ arguments: String...) throws -> Finished {
        try run("kmesh-live", arguments + places, directory: scratch.path)
    }

    /// Takes the pod's namespace into the mesh.
    func manage() throws {
        let done = try tool("manage", "--netns", pod.path, "--pod", "shop/client")
        #expect(done.code == 0, "\(done.errors)")
    }

    /// What the latest agent told.
    var log: String { (try? String(contentsOfFile: "\(scratch.path)/agent-\(runs).log", encoding: .utf8)) ?? "" }
    /// What the latest agent wrote to standard output.
    var output: String { (try? String(contentsOfFile: "\(scratch.path)/agent-\(runs).out", encoding: .utf8)) ?? "" }

    /// Waits until the agent's log has a text.
    mutating func waitForLog(_ text: String, count: Int = 1) throws { try agent?.waitForLog(text, count: count) }

    /// The agent's process id, nil without one.
    var processID: Int? {
        switch agent {
        case .some(let agent): Int(agent.id)
        case nil: nil
        }
    }

    /// Until when the programs tell of what they do, in nanoseconds since boot; 0 when nobody listens.
    mutating func eventsUntil() throws -> UInt64 {
        let dump = try driver.run(
            ["bpftool", "-j", "map", "dump", "pinned", "\(pinDirectory)/km_variables"], in: .original)
        let text = String(decoding: dump.output, as: UTF8.self)
        let found = try #require(text.firstMatch(of: /"km_events_until_ns":\s*(\d+)/), "\(text)")
        return try #require(UInt64(found.1))
    }

    @discardableResult
    mutating func endAgent(_ signal: CInt = SIGKILL) -> CInt? { agent?.end(signal) }

    // MARK: Connects

    /// Where a connect from the pod ends: an address, or `error 111`.
    mutating func landing(_ destination: String) throws -> String {
        let outcome = try driver.connect(
            ConnectRequest(to: try #require(SocketAddress(destination)), in: pod.number, ending: .reset))
        return outcome.errno == 0 ? outcome.state.remoteEnd.map { "\($0)" } ?? "?" : "error \(outcome.errno)"
    }

    /// Where many connects end.
    mutating func landings(_ destination: String, count: Int = 24) throws -> Set<String> {
        var request = HammerRequest(to: [try #require(SocketAddress(destination))], count: count)
        request.namespace = pod.number
        request.acceptingNamespace = pod.number
        request.family = request.destinations[0].address.family
        let outcome = try driver.hammer(request)
        return Set(
            outcome.remoteEnds.map { "\($0.value)" }
                + outcome.errors.filter { $0.value != 0 }.map { "error \($0.value)" })
    }

    /// Waits until connects end exactly at these ends.
    mutating func expect(_ destination: String, _ ends: String...) throws {
        var found: Set<String> = []
        for _ in 0..<2000 {
            found = try landings(destination)
            if found == Set(ends) { return }
            usleep(3000)
        }
        throw Missing("\(destination) ends at \(found.sorted()), not \(ends); log:\n\(log)")
    }
}
