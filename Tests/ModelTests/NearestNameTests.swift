import Model
import Testing

@Suite struct NearestNameTests {
    @Test(
        arguments: [
            ("service", "service"), ("servise", "service"), ("SERVICE", "service"), ("srvice", "service"),
            ("wrkload", "workload"),
            ("xyz", nil), ("", nil), ("no", nil), ("nod", "node"),
        ] as [(String, String?)])
    func onlyNearNamesAreFound(name: String, nearest: String?) {
        #expect(nearestName(to: name, in: ["service", "workload", "node"]) == nearest)
    }

    @Test func theFirstOfEquallyNearNamesIsFound() {
        #expect(nearestName(to: "port-x", in: ["port-2", "port-1"]) == "port-2")
        #expect(nearestName(to: "port", in: [String]()) == nil)
    }
}
