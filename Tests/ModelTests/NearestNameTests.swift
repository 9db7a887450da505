import Model
import Testing

@Test(
    arguments: [
        ("sede", ["seed", "steps"], "seed"),
        ("tpc", ["udp", "tcp"], "tcp"),
        ("Reviews", ["reviews", "ratings"], "reviews"),
        ("a", ["b", "c"], "b"),
        ("entirely", ["other", "words"], nil),
        ("", ["x"], "x"),
        ("name", [], nil),
    ] as [(String, [String], String?)])
func suggestsWhatIsNear(_ name: String, _ candidates: [String], _ expected: String?) {
    #expect(nearestName(to: name, in: candidates) == expected)
}
