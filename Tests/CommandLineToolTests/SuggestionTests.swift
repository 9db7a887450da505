import Testing

@testable import CommandLineTool

@Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("run", "run", 0),
    ("run", "rn", 1), ("run", "ruin", 1), ("run", "ran", 1), ("run", "rnu", 1),
    ("kitten", "sitting", 3), ("ca", "abc", 3),
])
func distanceCountsSlips(first: String, second: String, distance: Int) {
    #expect(editDistance(first, second) == distance)
    #expect(editDistance(second, first) == distance)
}

@Test(arguments: [
    ("replya", "replay"), ("repaly", "replay"), ("run", "run"), ("rn", "run"), ("x", nil), ("delete", nil), ("", nil),
])
func onlyLikelySlipsAreSuggested(word: String, suggestion: String?) {
    #expect(nearest(to: word, in: ["run", "replay", "ran"]) == suggestion)
}

@Test func theFirstOfEqualCandidatesIsSuggested() {
    #expect(nearest(to: "web-x", in: ["web-2", "web-1"]) == "web-2")
    #expect(nearest(to: "web", in: []) == nil)
}
