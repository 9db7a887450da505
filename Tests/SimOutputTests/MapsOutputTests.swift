import Model
import Scenario
import Sim
import Testing

@testable import SimOutput

private func maps() throws -> NodeMaps {
    let scenario = Scenario(lookingAt: ["\(packageDirectory)/scenarios/mesh/books.yaml"])
    var runner = try ScenarioRunner(scenario, .init(nodes: .none))
    let node = try #require(runner.meshNodes.first)
    #expect(runner.maps(of: node) == nil)
    #expect(runner.addNode(node) == [])
    return try #require(runner.maps(of: node))
}

@Test func mapsAreGolden() throws {
    try expectGolden(maps().text(only: nil, .plain), "books-maps.txt")
    try expectGolden(maps().json(only: "km_service").pretty + "\n", "books-maps-service.json")
}

@Test func everyMapIsShownUnderItsName() throws {
    #expect(try maps().sections.map(\.map) == NodeMaps.mapNames)
}
