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
    func results(_ arguments: String..., code: Int32) throws -> [[String: Any]] {
        let finished = try kmeshSim(["rotation", "-o", "json"] + arguments)
        #expect(finished.code == code && finished.errors.isEmpty)
        return try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [[String: Any]])
    }
    let proved = try results("--nodes", "2", "--preset", "hardened,upstream", code: 0)
    #expect(proved.map { $0["preset"] as? String } == ["hardened", "upstream"])
    for result in proved {
        #expect(result["result"] as? String == "proved" && result["nodes"] as? Int == 2)
        #expect(result["reduced"] as? Bool == false && (result["states"] as? Int ?? 0) > 4)
    }
    // H18: among three nodes packets are lost before anything happens.
    let broken = try #require(try results("--nodes", "3", "--preset", "upstream", code: 1).first)
    #expect(broken["result"] as? String == "broken")
    #expect((broken["schedule"] as? [Any])?.isEmpty == true)
    let failures = try #require(broken["failures"] as? [[String: Any]])
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
