import CommandLineTool
import Inputs
@testable import kmesh_live
import Live
import Model
import TestSupport
import Testing

/// Every command, also those that are not in the tree of the tool yet.
private let declarations = [
    AgentCommand.declaration, DetachCommand.declaration, StatusCommand.declaration, DumpCommand.declaration,
    ManageCommand.declaration, ReleaseCommand.declaration, AuthzCommand.declaration, EventsCommand.declaration,
    DoctorCommand.declaration,
]

/// What the parser makes of a command line.
private func invocation(_ line: String...) throws -> Invocation {
    let words = line.flatMap { $0.split(separator: " ").map { String($0) } }
    guard case .run(let invocation) = try Command("kmesh-live", summary: "", subcommands: declarations).parse(words)
    else { throw Unparsed(line: line) }
    return invocation
}

private struct Unparsed: Error {
    var line: [String]
}

/// The message of what a command line is refused with.
private func refusal(_ read: () throws -> Void) -> String {
    do {
        try read()
        return ""
    } catch {
        return "\(error)"
    }
}

@Test func examplesOfEveryCommandParse() throws {
    for declaration in declarations {
        for example in declaration.examples {
            // What comes after a pipe or an "and" is another tool's, what comes before may be.
            let parts = example.commandLine.split(separator: " | ").flatMap { $0.split(separator: " && ") }
            let own = try #require(parts.first { $0.hasPrefix("kmesh-live ") }, "\(example.commandLine)")
            _ = try invocation(String(own.dropFirst("kmesh-live ".count)))
        }
    }
}

@Test func theAgentTakesEverySettingFromItsOptions() throws {
    for setting in AgentSetting.allCases {
        #expect(AgentCommand.declaration.options.contains { $0.long == setting.rawValue }, "\(setting)")
    }
}

@Test func theAgentMergesFileAndCommandLine() throws {
    let scratch = try ScratchDirectory()
    let file = try scratch.write("mesh: m.yaml\nnode: a\nlog-level: debug\n", to: "c.yaml")
    let agent = try AgentCommand(
        invocation("agent --config", file, "--node b --option extras=drop --periodic-reports --once"))
    var expected = AgentConfiguration(mesh: ["\(scratch.path)/m.yaml"], node: "b")
    expected.logLevel = .debug
    expected.options.extras = .drop
    expected.hasPeriodicReports = true
    #expect(agent.configuration == expected)
    #expect(agent.mode == .once)
}

@Test func theAgentIsNamedForItsHost() throws {
    #expect(try AgentCommand(invocation("agent -m a b")).configuration.node == SystemName().host)
}

/// A command line of the agent that is refused.
@Test(arguments: [
    ("agent", "--mesh is missing"),
    ("agent -m a --once --dry-run", "--once and --dry-run exclude each other"),
    ("agent -m -", "cannot be watched; add --once"),
    ("agent -m - - --once", "standard input can be read only once"),
    ("agent -m a --node-address x", "agent: --node-address expects an IP address, not 'x'"),
    ("agent -m a --adopt-names x", "--adopt-names needs adopt"),
    ("agent -m a --config nowhere.yaml", "nowhere.yaml: cannot be read"),
])
func anAgentCannotStartLikeThis(line: String, message: String) {
    let refusal = refusal { _ = try AgentCommand(invocation(line)) }
    #expect(refusal.contains(message), "\(refusal)")
}

@Test func aMistakeInTheFileIsBadInputAndOneOnTheCommandLineIsUsage() throws {
    let scratch = try ScratchDirectory()
    let file = try scratch.write("mesh: m\nmetrics: 1\n", to: "c.yaml")
    for (line, code) in [("--config \(file)", ExitCode.badInput), ("--config \(file) --metrics x", .usage)] {
        do {
            _ = try AgentCommand(invocation("agent", line))
            Issue.record("accepted")
        } catch {
            #expect(Tool.code(of: error) == code, "\(error)")
        }
    }
}

@Test func aPodIsManagedByItsProcessOrNamespace() throws {
    let manage = try ManageCommand(invocation("manage --pid 4711 --pod shop/web"))
    #expect(manage.namespace == .process(id: 4711))
    #expect(manage.namespace.path == "/proc/4711/ns/net")
    #expect(manage.pod.namespace == "shop")
    #expect(manage.pod.name == "web")
    let other = try ManageCommand(invocation("manage --netns /run/netns/web --pod web"))
    #expect(other.namespace.path == "/run/netns/web")
    #expect(other.pod.namespace == "default")
}

@Test func aPodIsReleasedByAnyOfItsNames() throws {
    #expect(try ReleaseCommand(invocation("release --pid 7")).target == .namespace(.process(id: 7)))
    #expect(try ReleaseCommand(invocation("release --netns /x")).target == .namespace(.path("/x")))
    guard case .pod(let pod) = try ReleaseCommand(invocation("release --pod shop/web")).target else {
        Issue.record("no pod")
        return
    }
    #expect(pod.name == "web")
}

@Test(arguments: [
    ("release", "give one of --pid, --netns and --pod"), ("release --pid 1 --pod a", "give one of"),
    ("release --pid 1 --netns /x", "--pid and --netns exclude each other"),
    ("release --pid 0", "--pid expects a number from 1 to"), ("manage --pid 1", "missing option '--pod"),
    ("manage --pod a", "give either --pid or --netns"),
    ("manage --pid 1 --pod a/b/c", "expects NAME or NAMESPACE/NAME"),
    ("release --pod /a", "expects NAME or NAMESPACE/NAME"),
])
func aPodCannotBeNamedLikeThis(line: String, message: String) {
    let refusal = refusal {
        let invocation = try invocation(line)
        if line.hasPrefix("manage") { _ = try ManageCommand(invocation) } else { _ = try ReleaseCommand(invocation) }
    }
    #expect(refusal.contains(message), "\(refusal)")
}

@Test func eventsAreChosenByHookAndReason() throws {
    let events = try EventsCommand(invocation("events --hook connect6 --reasons noEndpoint,notTCP -n 3 -o json"))
    #expect(events.hook == .connect6)
    #expect(events.reasons == [.noEndpoint, .notTCP])
    #expect(events.count == 3)
    #expect(events.isJSON)
    let all = try EventsCommand(invocation("events --reports"))
    #expect(all.showsReports && all.hook == nil && all.reasons.isEmpty && all.count == nil)
}

@Test(arguments: [
    ("events --reasons noEndpiont", "did you mean 'noEndpoint'?"), ("events --count 0", "a number from 1"),
    ("events --reports --hook connect4", "--reports excludes --hook"),
])
func eventsCannotBeChosenLikeThis(line: String, message: String) {
    let refusal = refusal { _ = try EventsCommand(invocation(line)) }
    #expect(refusal.contains(message), "\(refusal)")
}

@Test func theOtherCommandsKnowTheirDirectories() throws {
    #expect(DetachCommand(try invocation("detach")).pinDirectory == "/sys/fs/bpf/kmesh")
    #expect(StatusCommand(try invocation("status --pin-dir /sys/fs/bpf/x -o json")).pinDirectory == "/sys/fs/bpf/x")
    let dump = DumpCommand(try invocation("dump out --names table.yaml"))
    #expect(dump.directory == "out")
    #expect(dump.names == "table.yaml")
    #expect(dump.stateDirectory == "/var/lib/kmesh-live")
    #expect(DoctorCommand(try invocation("doctor --cgroup /x")).subject.cgroup == "/x")
}
