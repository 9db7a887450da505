import CommandLineTool
import Foundation
import Inputs
import Model
import Sim
import Testing

@testable import SimOutput

private let books = "\(packageDirectory)/scenarios/mesh/books.yaml"
private let next = "\(packageDirectory)/Tests/Fixtures/meshes/books-next.yaml"

private func report(_ before: [String], _ after: [String], _ preset: Preset = .hardened) throws -> DifferenceReport {
    var old = MeshInput()
    for path in before { try old.add(path: path) }
    let oldMesh = try old.snapshot().mesh
    var new = MeshInput(placedLike: old)
    for path in after { try new.add(path: path) }
    let difference = MeshDifference(
        from: DifferenceSide(oldMesh), to: DifferenceSide(try new.snapshot().mesh),
        options: DataplaneOptions(preset))
    return DifferenceReport(difference, before: before, after: after, behaviour: "preset \(preset.rawValue)")
}

@Test func differencesAreGolden() throws {
    let report = try report([books], [books, next])
    try expectGolden(report.text(.plain), "books-diff.txt")
    try expectGolden(report.json.pretty + "\n", "books-diff.json")
    try expectGolden(report.markdown, "books-diff.md")
    try expectGolden(try SimOutputTests.report([books, next], [books], .upstream).text(.plain), "books-diff-back.txt")
}

@Test func noDifferenceIsGolden() throws {
    let report = try report([books], [books])
    #expect(report.isEmpty)
    try expectGolden(report.text(.plain), "books-diff-none.txt")
    try expectGolden(report.markdown, "books-diff-none.md")
}

@Test func namesDoNotBreakTables() {
    #expect(DifferenceReport.escaped("n/a|b*<i>@all\n`x`") == #"n/a\|b\*&lt;i&gt;&#64;all \`x\`"#)
}

@Test func listsOfNamesAreShort() {
    #expect(DifferenceNames.list([]) == "")
    #expect(DifferenceNames.list(["a"]) == "a")
    #expect(DifferenceNames.list(["a", "b"]) == "a and b")
    #expect(DifferenceNames.list(["a", "b", "c", "d", "e"]) == "a, b, c, d and e")
    #expect(DifferenceNames.list(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more")
}

@Test func theDocumentationShowsRealOutput() throws {
    let document = try String(contentsOfFile: "\(packageDirectory)/docs/diff.md", encoding: .utf8)
    let text = try report([books], [books, next]).text(.plain)
    #expect(document.contains(text.replacing(packageDirectory + "/", with: "")))
}
