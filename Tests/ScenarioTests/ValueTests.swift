import Model
import Testing

@testable import Scenario

@Test(arguments: [
    ("reviews:9080", "reviews:9080"),
    ("reviews.default.svc.cluster.local:80", "reviews.default.svc.cluster.local:80"),
    ("default/reviews-v1", "default/reviews-v1"),
    ("10.0.0.1", "10.0.0.1"),
    ("10.0.0.1:65535", "10.0.0.1:65535"),
    ("fd00::1", "fd00::1"),
    ("[fd00::1]", "fd00::1"),
    ("[FD00:0::1]:80", "[fd00::1]:80"),
    ("[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.1]:80"),
])
func readsHostsAndPorts(_ text: String, _ expected: String) throws {
    #expect(try TargetPattern(parsing: text).description == expected)
}

@Test(arguments: [
    ("", "names no host"),
    (":80", "names no host"),
    ("10.0.0.256:80", "is no IPv4 address"),
    ("10.0.0:80", "is no IPv4 address"),
    ("a b:80", "is no name; names have no spaces and no brackets"),
    ("reviews:0", "must end in a port from 1 to 65535"),
    ("reviews:65536", "must end in a port from 1 to 65535"),
    ("reviews:http", "must end in a port from 1 to 65535"),
    ("reviews:+80", "must end in a port from 1 to 65535"),
    ("reviews:", "must end in a port from 1 to 65535"),
    ("fd00::1::80", "is no IPv6 address; with a port it is written as [fd00::1]:80"),
    ("[fd00::1", "has no IPv6 address in its brackets"),
    ("[10.0.0.1]:80", "has no IPv6 address in its brackets"),
    ("[fd00::1]80", "must have a colon after the bracket"),
    ("[fd00::1]:", "must end in a port from 1 to 65535"),
])
func refusesWhatIsNoHost(_ text: String, _ problem: String) {
    let error = #expect(throws: TargetPattern.Problem.self) { try TargetPattern(parsing: text) }
    #expect(error?.text == problem)
}

@Test(arguments: [
    ("0", 0, 0), ("3", 3, 3), (">=3", 3, UInt64.max), (">= 3", 3, .max), (">3", 4, .max), ("<=3", 0, 3), ("<3", 0, 2),
    ("18446744073709551615", .max, .max),
])
func readsCounts(_ text: String, _ low: UInt64, _ high: UInt64) {
    #expect(CountRange(text)?.counts == low...high)
}

@Test(arguments: [
    "", "-1", "+1", "1.5", "=3", "==3", "<0", "> 18446744073709551615", "18446744073709551616", "=>3", " 3",
])
func refusesWhatIsNoCount(_ text: String) {
    #expect(CountRange(text) == nil)
}

@Test(arguments: [
    ("0", 0), ("1", 1_000_000), ("1.0", 1_000_000), ("0.33", 330_000), ("0.000001", 1), ("0.999999", 999_999),
])
func readsFractions(_ text: String, _ millionths: Int) {
    #expect(Fraction(text)?.millionths == millionths)
}

@Test(arguments: ["", ".5", "0.", "1.000001", "2", "-0.1", "0.1234567", "1e-2", "33%", "0.1.2"])
func refusesWhatIsNoFraction(_ text: String) {
    #expect(Fraction(text) == nil)
}

@Test func writesFractionsWithoutTrailingZeros() {
    #expect(Fraction(millionths: 330_000).description == "0.33")
    #expect(Fraction(millionths: 1).description == "0.000001")
    #expect(Fraction(millionths: 1_000_000).description == "1")
    #expect(Fraction.text(millionths: 1_400_000) == "1.4")
}

@Test(arguments: [
    ("1ns", 1), ("5us", 5_000), ("250ms", 250_000_000), ("5s", 5_000_000_000), ("1m30s", 90_000_000_000),
    ("2h", 7_200_000_000_000), ("18446744073709551615ns", UInt64.max),
])
func readsDurations(_ text: String, _ nanoseconds: UInt64) {
    #expect(DurationText.nanoseconds(text) == nanoseconds)
}

@Test(arguments: ["", "5", "s", "0s", "1.5s", "-5s", "5 s", "5d", "5S", "18446744073709551616ns", "5124096h"])
func refusesWhatIsNoDuration(_ text: String) {
    #expect(DurationText.nanoseconds(text) == nil)
}

@Test(arguments: [
    ("Service/default/reviews", ObjectReference.object(kind: "Service", namespace: "default", name: "reviews")),
    ("Node/node-a", .object(kind: "Node", namespace: nil, name: "node-a")),
    ("Workload/Kubernetes//Pod/default/a", .workload(uid: "Kubernetes//Pod/default/a")),
    ("Workload/vm", .workload(uid: "vm")),
])
func readsObjectReferences(_ text: String, _ reference: ObjectReference) {
    #expect(ObjectReference(text) == reference)
    #expect(reference.description == text)
}

@Test(arguments: [
    "", "Service", "Service/reviews", "Service//reviews", "service/default/reviews", "Service/a/b/c", "Node/a/b",
    "Workload", "Workload/",
])
func refusesWhatIsNoObjectReference(_ text: String) {
    #expect(ObjectReference(text) == nil)
}

@Test(arguments: [("0a0B", [0x0a, 0x0b]), ("0a 0b", [0x0a, 0x0b]), ("ff", [UInt8(0xff)])])
func readsBytes(_ text: String, _ bytes: [UInt8]) {
    #expect(HexBytes.bytes(text) == bytes)
}

@Test(arguments: ["", " ", "0", "0a0", "0x0a", "zz"])
func refusesWhatIsNoBytes(_ text: String) {
    #expect(HexBytes.bytes(text) == nil)
}
