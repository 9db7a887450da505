import Inputs
import Model
import Sim
import Testing

@testable import Scenario

/// A scenario of the library under one preset.
struct LibraryCase: Sendable, CustomTestStringConvertible {
    var file: String
    var preset: Preset

    /// Every file of `scenarios/` under every preset.
    static let all: [LibraryCase] = {
        // A directory that cannot be read gives no case, which `theLibraryIsThere` does not accept.
        let files = (try? MeshSource(path: packageRoot + "/scenarios").files) ?? []
        return files.flatMap { file in Preset.allCases.map { LibraryCase(file: file, preset: $0) } }
    }()

    static let packageRoot = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    var testDescription: String { "\(file.split(separator: "/").last ?? "") \(preset.rawValue)" }

    func run() throws(InputError) -> ScenarioResult {
        var runner = try ScenarioRunner(Scenario(reading: file), .init(preset: preset))
        return try runner.run()
    }
}

@Test func theLibraryIsThere() {
    #expect(LibraryCase.all.count >= 2 * 20)
}

@Test(arguments: LibraryCase.all)
func scenarioShowsWhatItSays(_ entry: LibraryCase) throws {
    let result = try entry.run()
    #expect(result.checkCount > 0)
    for step in result.steps {
        for check in step.checks where !check.isMet {
            Issue.record("\(check.place ?? step.place): \(check.key): expected \(check.expected), got \(check.got)")
        }
    }
}

@Test(arguments: LibraryCase.all)
func scenarioGivesTheSameTwice(_ entry: LibraryCase) throws {
    let (first, second) = (try entry.run(), try entry.run())
    #expect(String(reflecting: first) == String(reflecting: second))
}

@Test(arguments: LibraryCase.all)
func scenarioSaysWhatItIsAbout(_ entry: LibraryCase) throws {
    let scenario = try Scenario(reading: entry.file)
    #expect(!scenario.description.isEmpty)
    #expect(scenario.steps.contains { $0.note != nil })
    #expect(scenario.steps.contains { $0.expectations != nil })
}

/// Each option has a scenario that notices when it alone is the other preset's.
@Test(arguments: [
    "noEndpoint": "empty-service", "missingEntry": "endpoint-hole", "unlistedPort": "unlisted-port",
    "waypointTest": "waypoint-is-set", "tlvMark": "tlv-without-memory", "originalDestination": "socket-reuse",
    "mixedFamilies": "ipv6-and-mapped-java", "managedTest": "namespace-without-address",
    "dnsReply": "dns-redirection", "controlAddress": "control-addresses", "earlyEndpoint": "late-service",
    "ranking": "node-moves-zone", "unhealthyAtFirst": "headless-database",
    "sharedAddress": "two-owners-of-one-address", "namedPort": "unlisted-port", "extras": "more-than-ten-ports",
    "healthPolicy": "empty-service", "authorization": "fifth-policy", "clearPackets": "clear-from-a-peer",
    "replayWindow": "replayed-packet", "nodeErrors": "node-errors", "inboundState": "third-node",
    "staleKeys": "rebooted-peer", "unknownSPI": "unknown-spi", "tunnelFamily": "mixed-families",
])
func optionDecides(_ option: String, _ name: String) throws {
    let file = "\(LibraryCase.packageRoot)/scenarios/\(name).yaml"
    let name = try #require(OptionName(rawValue: option))
    for preset in Preset.allCases {
        let other: Preset = preset == .upstream ? .hardened : .upstream
        var scenario = try Scenario(reading: file)
        let place = try #require(scenario.steps.first).place
        scenario.options = [
            .init(
                name: Located(option, at: place),
                value: Located(DataplaneOptions(other).value(of: name), at: place))
        ]
        var runner = try ScenarioRunner(scenario, .init(preset: preset))
        #expect(try runner.run().failedCheckCount > 0, "\(option) of the other preset goes unnoticed in \(preset)")
    }
}
