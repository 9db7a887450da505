import Foundation
import TestSupport
import Testing

@Test func aRotationThatLosesNothingIsProved() throws {
    let finished = try kmeshSim(["rotation", "--nodes", "2"])
    #expect(finished.code == 0 && finished.errors.isEmpty)
    #expect(finished.output.hasPrefix("hardened, 2 nodes: proved, no order of events loses a packet"))
    #expect(finished.output.hasSuffix(" events\n"))
}

@Test func aReducedSearchSaysSo() throws {
    let finished = try kmeshSim(["rotation", "--nodes", "4"])
    #expect(finished.code == 0 && finished.errors.isEmpty)
    #expect(finished.output.hasSuffix("; reduced by order and names\n"))
}

@Test func theShortestWayToABreakIsPrinted() throws {
    let finished = try kmeshSim(["rotation", "--nodes", "2", "--preset", "hardened,upstream", "--reboots", "1"])
    #expect(finished.code == 1 && finished.errors.isEmpty)
    #expect(finished.output.contains("hardened, 2 nodes: proved"))
    #expect(
        finished.output.contains(
            """
            upstream, 2 nodes: broken
              1. node-a: the key file gets SPI 2
              2. node-a boots
            """))
    #expect(finished.output.contains("  → a packet of node-a to pods of node-b is clear: node-a has no policy for it"))
}

@Test func scriptsGetWhatWasFound() throws {
    let finished = try kmeshSim(["rotation", "--nodes", "3", "--preset", "hardened,upstream", "-o", "json"])
    #expect(finished.code == 1 && finished.errors.isEmpty)
    let results = try #require(
        JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [[String: Any]])
    #expect(results.map { $0["result"] as? String } == ["proved", "broken"])
    #expect(results.map { $0["nodes"] as? Int } == [3, 3])
    #expect(results.first?["reduced"] as? Bool == false)
    // H18: among three nodes packets are lost before anything happens.
    #expect((results.last?["schedule"] as? [Any])?.isEmpty == true)
    let failures = try #require(results.last?["failures"] as? [[String: Any]])
    #expect(failures.count == 6 && failures.allSatisfy { $0["what"] as? String == "lost" })
}

@Test func nothingIsProvedWithFewerStatesThanThereAre() throws {
    let finished = try kmeshSim(["rotation", "--nodes", "3", "--max-states", "100", "-o", "json"])
    #expect(finished.code == 1 && finished.errors.isEmpty)
    #expect(finished.output.contains(#""result": "notProved""#) && finished.output.contains("--max-states"))
}

@Test(arguments: [["--nodes", "3"], ["--nodes", "2", "--restarts", "1"], ["--nodes", "2", "--reboots", "1"]])
func theWayToABreakIsAScenarioThatPasses(arguments: [String]) throws {
    let directory = try ScratchDirectory()
    let path = "\(directory.path)/break.yaml"
    let search = try kmeshSim(["rotation", "--preset", "upstream", "--scenario-out", path] + arguments)
    #expect(search.code == 1, "\(search.errors)")
    let run = try kmeshSim(["run", path])
    #expect(run.code == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains("all met"))
}

@Test func whereNothingBreaksNoScenarioIsWritten() throws {
    let directory = try ScratchDirectory()
    let path = "\(directory.path)/break.yaml"
    #expect(try kmeshSim(["rotation", "--nodes", "2", "--scenario-out", path]).code == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
}

@Test(arguments: ["1", "6", "three"])
func aNumberOfNodesThatCannotBeSearchedIsBadUsage(count: String) throws {
    let finished = try kmeshSim(["rotation", "--nodes", count])
    #expect(finished.code == 2 && finished.output.isEmpty)
    #expect(finished.errors.contains("a number from 2 to 5"))
}
