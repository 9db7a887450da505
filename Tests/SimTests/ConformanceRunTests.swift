import Inputs
import Testing

@testable import Sim

/// What is run, what is skipped, what is refused.
struct ConformanceRunTests {
    private static let good =
        #"{"id": "a", "family": "map-layout", "input": {"ip": "::1"}, "#
        + #""expect": {"bytes_hex": "00000000000000000000000000000001"}}"#
    private static let foreign = #"{"id": "z", "family": "waypoint", "dialect": "ztunnel", "input": {}, "expect": {}}"#
    private static let unknown = #"{"id": "u", "family": "weather", "input": {}, "expect": {"rain": true}}"#

    @Test func anUnknownFamilyIsSkippedAndNamed() throws {
        let report = try run(Self.unknown)
        #expect(report.isSuccess)
        #expect(report.passed == [])
        #expect(report.skipped.map(\.family) == ["weather"])
        #expect(report.text.contains("skip weather: 1 case: the family is not known here\n"))
        #expect(report.text.contains("0 passed, 0 failed, 1 skipped"))
    }

    @Test func anotherDialectIsSkippedWithTheReason() throws {
        let report = try run(Self.foreign)
        #expect(report.isSuccess)
        #expect(report.skipped.map(\.ids) == [["z"]])
        #expect(report.skipped.first?.reason == "what ztunnel does (dialect ztunnel)")
    }

    @Test func requiringMakesSkippingAFailure() throws {
        let vectors = try cases([Self.good, Self.foreign, Self.unknown].joined(separator: "\n"))
        #expect(try Conformance.run(vectors, requiring: ["map-layout", "waypoint"]).isSuccess)
        let unknown = try Conformance.run(vectors, requiring: ["weather"])
        #expect(!unknown.isSuccess)
        #expect(unknown.unmetRequirements == ["1 of weather skipped: the family is not known here"])
        let missing = try Conformance.run(vectors, requiring: ["connect"])
        #expect(missing.unmetRequirements == ["no case of connect was found"])
        #expect(missing.text.contains("FAIL required: no case of connect was found\n"))
    }

    @Test func oursThatIsNotKnownIsNoExcuse() throws {
        let line = #"{"id": "o", "family": "waypoint", "dialect": "ztunnel", "ours": "better", "expect": {}}"#
        let report = try Conformance.run(cases(line), requiring: ["waypoint"])
        #expect(report.skippedCount == 1)
        #expect(!report.isSuccess)
    }

    @Test func aFailureIsOneLineWithIdExpectedAndGot() throws {
        let report = try run(Self.good.replacing("0000001\"", with: "0000002\""))
        #expect(!report.isSuccess)
        let line = try #require(report.text.split(separator: "\n").first)
        #expect(line.hasPrefix("FAIL a (map-layout): expected bytes_hex 0000"))
        #expect(line.hasSuffix("0002; got bytes_hex 00000000000000000000000000000001"))
    }

    @Test(arguments: [
        ("{\"id\": \"x\"", "vectors.jsonl:3:"), ("[1, 2]", "vectors.jsonl:3:1: a case must be a mapping"),
        (#"{"family": "connect"}"#, "vectors.jsonl:3:1: \"id\" is missing here"),
        (#"{"id": "x"}"#, "vectors.jsonl:3:1: \"family\" is missing here"),
        ("# nothing", "vectors.jsonl:3:1: is empty"),
        (good, "vectors.jsonl:3:1: id \"a\" again; it is already at vectors.jsonl:1"),
    ])
    func aBrokenLineIsRefusedWithFileAndLine(_ line: String, _ message: String) throws {
        let error = try #require(throws: InputError.self) { try cases(Self.good + "\n\n" + line + "\n") }
        #expect(error.description.hasPrefix(message), "\(error)")
    }

    @Test func idsAreUniqueAcrossFiles() throws {
        let vectors = try cases(Self.good)
        #expect(throws: InputError.self) { try Conformance.run(vectors + vectors) }
    }

    @Test(arguments: ["no/such/file.jsonl", "/"])
    func aFileThatCannotBeReadIsNamed(_ path: String) throws {
        let error = try #require(throws: InputError.self) { try Conformance.run(files: [path]) }
        #expect(error.file == path)
        #expect(error.message.hasPrefix("cannot be read"))
    }

    @Test(arguments: [
        #"{"id": "n", "family": "map-layout", "input": {"ip": "::1"}, "expect": {}}"#,
        #"{"id": "n", "family": "map-layout", "input": {"ip": "::1"}}"#,
        #"{"id": "n", "family": "map-layout", "input": {"ip": "::1"}, "expect": {"colour": "red"}}"#,
        #"{"id": "n", "family": "map-layout", "expect": {"bytes_hex": "00"}}"#,
        #"{"id": "n", "family": "connect", "input": {"managed": "yes"}, "steps": []}"#,
        #"{"id": "n", "family": "connect", "preset": "mine", "input": {"managed": "no"}, "steps": []}"#,
    ])
    func whatCannotBeCheckedNeverPasses(_ line: String) throws {
        let report = try run(line)
        #expect(report.failed.map(\.expected) == ["a case that can be checked"])
        #expect(report.failed.first?.got.hasPrefix("vectors.jsonl:1:") == true)
    }

    /// Every value of every case is taken out or replaced by something odd: the run ends, and never traps.
    @Test(arguments: ConformanceFamily.allCases)
    func oddInputNeverTraps(in family: ConformanceFamily) throws {
        let odd: [DocumentNode?] = [
            nil, .scalar("-1"), .scalar("99999999999999999999"), .scalar("text", isQuoted: true),
            DocumentNode(.null, at: Position(line: 1, column: 1)),
            DocumentNode(.sequence([.scalar("7")]), at: Position(line: 1, column: 1)),
        ]
        for vector in try Vectors.runnable() where vector.family == family.rawValue {
            for replacement in odd {
                for path in vector.input?.paths ?? [] {
                    var changed = vector
                    changed.input = vector.input?.replacing(path[...], with: replacement)
                    changed.steps = vector.steps.map(once)
                    _ = try Conformance.run([changed])
                }
                for path in vector.steps.map(once)?.paths ?? [] {
                    var changed = vector
                    changed.steps = vector.steps.map(once)?.replacing(path[...], with: replacement)
                    _ = try Conformance.run([changed])
                }
            }
        }
    }

    /// The steps with one connect each, which is faster.
    private func once(_ steps: DocumentNode) -> DocumentNode {
        var steps = steps
        for (index, step) in (steps.elements ?? []).enumerated() {
            if let entry = step.entries?.firstIndex(where: { $0.key == "repeat" }) {
                steps = steps.replacing([.element(index), .entry(entry)], with: .scalar("1"))
            }
        }
        return steps
    }
}
