import Inputs
import Live
import Model
import Testing

/// Reads a configuration file in memory, and texts of the command line on top of it.
private func configuration(
    _ text: String = "mesh: m.yaml", _ line: [(AgentSetting, String)] = [], file: String = "/etc/kmesh/c.yaml"
) throws -> AgentConfiguration {
    var own = AgentSettings()
    for (setting, text) in line { own.add(text, to: setting) }
    let settings = try AgentSettings(text: text, file: file).overridden(by: own)
    return try AgentConfiguration(settings, hostName: "host-1")
}

@Test func aMeshAloneLeavesEverythingAtItsDefault() throws {
    let configuration = try configuration()
    #expect(configuration == AgentConfiguration(mesh: ["/etc/kmesh/m.yaml"], node: "host-1"))
    #expect(configuration.pinDirectory == "/sys/fs/bpf/kmesh")
    #expect(configuration.options == .hardened)
}

@Test func everySettingCanStandInAFile() throws {
    let all = """
        mesh: [pods.yaml, /srv/mesh]
        cgroup: /sys/fs/cgroup/kubepods
        pin-dir: /sys/fs/bpf/two
        adopt: /sys/fs/bpf/bpf_kmesh_workload/map
        adopt-names: names.yaml
        state-dir: state
        node: node-a
        node-address: [10.0.0.1, fd00::1]
        pod-gateway: 10.244.0.1
        dns-proxy: 10.0.0.53
        encryption-key: key.json
        node-info: nodes
        uplink: [eth0, eth1]
        pod-cidr: [10.244.1.0/24, fd00:1::/64]
        preset: upstream
        option: {noEndpoint: refuse}
        metrics: "[::1]:15020"
        reports: "-"
        access-log: access.log
        periodic-reports: true
        log-format: json
        log-level: debug
        """
    let read = try configuration(all)
    var expected = AgentConfiguration(mesh: ["/etc/kmesh/pods.yaml", "/srv/mesh"], node: "node-a")
    expected.cgroup = "/sys/fs/cgroup/kubepods"
    expected.pinDirectory = "/sys/fs/bpf/two"
    expected.adoption = .init(pinDirectory: "/sys/fs/bpf/bpf_kmesh_workload/map", names: "/etc/kmesh/names.yaml")
    expected.stateDirectory = "/etc/kmesh/state"
    expected.nodeAddresses = [IPAddress("10.0.0.1"), IPAddress("fd00::1")].compactMap { $0 }
    expected.podGateways = [IPAddress("10.244.0.1")].compactMap { $0 }
    expected.dnsProxy = IPAddress("10.0.0.53")
    expected.encryption = EncryptionConfiguration(
        keyFile: "/etc/kmesh/key.json", nodeInfoDirectory: "/etc/kmesh/nodes", uplinks: ["eth0", "eth1"],
        podPrefixes: [Prefix("10.244.1.0/24"), Prefix("fd00:1::/64")].compactMap { $0 })
    expected.preset = .upstream
    expected.options = .upstream
    expected.options.noEndpoint = .refuse
    expected.metrics = ListenAddress("[::1]:15020")
    expected.reports = .standardOutput
    expected.accessLog = .file("/etc/kmesh/access.log")
    expected.hasPeriodicReports = true
    expected.logFormat = .json
    expected.logLevel = .debug
    #expect(read == expected)
    #expect(read.probeSources.count == 3)
    // A setting that is added must be added to this file too.
    for setting in AgentSetting.allCases { #expect(all.contains("\(setting.rawValue): "), "\(setting)") }
}

@Test func theCommandLineWinsOverTheFile() throws {
    let text = """
        mesh: [a.yaml, b.yaml]
        preset: upstream
        option: {noEndpoint: refuse, unlistedPort: refuse}
        node: node-a
        """
    let merged = try configuration(
        text,
        [(.mesh, "c.yaml"), (.node, "node-b"), (.option, "noEndpoint=leave"), (.option, "extras=keep")])
    #expect(merged.mesh == ["c.yaml"])
    #expect(merged.node == "node-b")
    #expect(merged.preset == .upstream)
    #expect(merged.options.noEndpoint == .leave)
    #expect(merged.options.unlistedPort == .refuse)
    #expect(merged.options.extras == .keep)
}

@Test func theOrderOfPresetAndOptionDoesNotMatter() throws {
    let merged = try configuration(
        "mesh: m", [(.option, "noEndpoint=refuse"), (.preset, "upstream")])
    #expect(merged.options.noEndpoint == .refuse)
    #expect(merged.options.unlistedPort == .leave)
}

/// A file with a mistake, and the message about it.
struct FileMistake: CustomTestStringConvertible {
    var text: String
    var message: String

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }

    var testDescription: String { text }
}

@Test(arguments: [
    FileMistake("mesh: m\npindir: /x", "c.yaml:2:1: unknown key \"pindir\"; did you mean \"pin-dir\"?"),
    FileMistake("mesh: m\nonce: true", "c.yaml:2:1: unknown key \"once\"; known here: mesh, cgroup, pin-dir,"),
    FileMistake("- mesh", "c.yaml:1:1: the configuration must be a mapping (key: value), not a list"),
    FileMistake("mesh: {a: b}", "c.yaml:1:7: \"mesh\" must hold text, not a mapping"),
    FileMistake("mesh: \"\"", "c.yaml:1:7: \"mesh\" expects a file or directory, not ''"),
    FileMistake("mesh: m\nnode: a b", "c.yaml:2:7: \"node\" expects a name without spaces, not 'a b'"),
    FileMistake(
        "mesh: m\nnode-address: [10.0.0.1, 10.0.0]", "c.yaml:2:26: \"node-address\" expects an IP address, not '10.0.0'"
    ),
    FileMistake("mesh: m\ndns-proxy: fd00::1", "c.yaml:2:12: \"dns-proxy\" expects an IPv4 address, not 'fd00::1'"),
    FileMistake(
        "mesh: m\npreset: hardend",
        "c.yaml:2:9: \"preset\" expects upstream|hardened, not 'hardend'; did you mean 'hardened'?"),
    FileMistake(
        "mesh: m\noption: {noEndpiont: leave}",
        "c.yaml:2:10: \"option\" knows no 'noEndpiont'; did you mean 'noEndpoint'?"),
    FileMistake(
        "mesh: m\noption:\n  noEndpoint: leve",
        "c.yaml:3:3: \"option\" expects noEndpoint=leave|refuse, not 'leve'; did you mean 'leave'?"),
    FileMistake(
        "mesh: m\noption: noEndpoint",
        "c.yaml:2:9: \"option\" must map names to values, such as noEndpoint: leave, not be \"noEndpoint\""),
    FileMistake("mesh: m\noption: {extras: [a]}", "c.yaml:2:18: \"extras\" must be text, not a list"),
    FileMistake(
        "mesh: m\nmetrics: 15020",
        "c.yaml:2:10: \"metrics\" expects an address and a port, such as 127.0.0.1:15020, not '15020'"),
    FileMistake("mesh: m\nperiodic-reports: yes", "c.yaml:2:19: \"periodic-reports\" must be true or false"),
    FileMistake(
        "mesh: m\nadopt-names: n", "c.yaml:2:14: \"adopt-names\" needs adopt: the directory of the pinned maps"),
    FileMistake(
        "mesh: m\nreports: x\naccess-log: x", "c.yaml:3:13: \"access-log\" and reports cannot both go to x"),
    FileMistake(
        "mesh: m\nnode-address: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5]\n"
            + "pod-gateway: [10.0.1.1, 10.0.1.2, 10.0.1.3, 10.0.1.4]",
        "c.yaml:3:45: \"pod-gateway\" and the node's addresses may be 8 together, not 9"),
    FileMistake(
        "mesh: m\nencryption-key: k",
        "c.yaml:2:17: \"encryption-key\" needs node-info: the directory of the nodes' infos"),
    FileMistake("mesh: m\nnode-info: n", "c.yaml:2:12: \"node-info\" needs encryption-key: the file of the key"),
    FileMistake("mesh: m\nuplink: [e]", "c.yaml:2:10: \"uplink\" needs encryption-key: the file of the key"),
    FileMistake(
        "mesh: m\nencryption-key: k\nnode-info: n\npod-cidr: 10.0.0.0/24",
        "c.yaml:2:17: \"encryption-key\" needs node-address: where the tunnels of this node end"),
    FileMistake(
        "mesh: m\nencryption-key: k\nnode-info: n\nnode-address: 10.0.0.1",
        "c.yaml:2:17: \"encryption-key\" needs pod-cidr: the addresses of this node's pods"),
    FileMistake(
        "mesh: m\nencryption-key: k\nnode-info: n\nnode-address: 10.0.0.1\npod-cidr: 10.0.0.0/33",
        "c.yaml:5:11: \"pod-cidr\" expects a prefix such as 10.244.1.0/24, not '10.0.0.0/33'"),
    FileMistake(
        "mesh: m\nencryption-key: k\nnode-info: n\nnode-address: 10.0.0.1\npod-cidr: [10.0.0.0/16, 10.0.1.0/24]",
        "c.yaml:5:25: \"pod-cidr\" expects prefixes that do not overlap; 10.0.1.0/24 does with 10.0.0.0/16"),
    FileMistake(
        "mesh: m\nencryption-key: k\nnode-info: n\nnode-address: 10.0.0.1\npod-cidr: 10.0.0.0/16\nuplink: a/b",
        "c.yaml:6:9: \"uplink\" expects the name of a network interface, not 'a/b'"),
    FileMistake("node: a", "--mesh is missing: name the files or directories that describe the mesh"),
])
func mistakesInAFileNameTheirPlace(_ c: FileMistake) throws {
    do {
        _ = try configuration(c.text, file: "c.yaml")
        Issue.record("accepted")
    } catch {
        #expect("\(error)".hasPrefix(c.message), "\(error)")
    }
}

@Test func mistakesOnTheCommandLineNameTheOption() {
    #expect {
        try configuration("mesh: m", [(.podGateway, "nowhere")])
    } throws: { error in
        (error as? SettingError)?.inputError == nil
            && "\(error)" == "--pod-gateway expects an IP address, not 'nowhere'"
    }
}

@Test func pathsOfAFileCountFromItsDirectory() throws {
    #expect(try configuration("mesh: m.yaml", file: "c.yaml").mesh == ["m.yaml"])
    #expect(try configuration("mesh: m.yaml", file: "../c.yaml").mesh == ["../m.yaml"])
    #expect(try configuration("mesh: \"-\"", file: "/etc/c.yaml").mesh == ["-"])
    #expect(try configuration("mesh: m", [(.stateDirectory, "state")]).stateDirectory == "state")
}
