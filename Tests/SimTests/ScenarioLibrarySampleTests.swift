import Inputs
import Model
import Scenario
import Sim
import TestSupport
import Testing

/// Istio's sample application, its manifest unmodified.
@Test(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)"))
func bookinfoReachesEveryVersionOfReviews() throws {
    let text = """
        name: Bookinfo
        mesh: ["\(UpstreamSamples.directory)/istio/bookinfo.yaml"]
        steps:
          - check: true
            expect: {problems: 0, maps: {km_service: {count: 4}, km_backend: {count: 6}}}
          - connect: {from: productpage, to: "reviews:9080", repeat: 900}
            expect:
              share: {"reviews-v1:9080": 0.333333, "reviews-v2:9080": 0.333333, "reviews-v3:9080": 0.333333}
              oneOf: ["reviews-v1:9080", "reviews-v2:9080", "reviews-v3:9080"]
              originalDestination: "reviews:9080"
              reason: loadBalanced
          - connect: {from: productpage, to: "details:9080"}
            expect: {destination: "details-v1:9080", hooks: [connect4, sockOps]}
          - connect: {from: reviews-v2, to: "ratings:9080"}
            expect: {destination: "ratings-v1:9080"}
        """
    let scenario = try Scenario(text: text, file: "\(LibraryCase.packageRoot)/scenarios/bookinfo.yaml")
    for preset in Preset.allCases {
        var runner = try ScenarioRunner(scenario, .init(preset: preset))
        for check in try runner.run().steps.flatMap(\.checks) {
            #expect(check.isMet, "\(preset.rawValue): \(check.key): expected \(check.expected), got \(check.got)")
        }
    }
}
