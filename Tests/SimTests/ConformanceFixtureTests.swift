import Inputs
import Model
import Testing

@testable import Sim

/// The project's vectors hold, and what is not run is named.
struct ConformanceFixtureTests {
    @Test func everyKnownFamilyHolds() throws {
        let families = ConformanceFamily.allCases.map(\.rawValue)
        let report = try Conformance.run(files: Vectors.paths, requiring: families)
        #expect(report.failed == [], "\(report.text)")
        #expect(report.unmetRequirements == [])
        #expect(report.isSuccess)
        #expect(report.passed.count == (try Vectors.runnable().count))
        for skip in report.skipped where families.contains(skip.family) {
            #expect(skip.isOtherDialect, "\(skip.family): \(skip.reason)")
        }
    }

    @Test func everyCaseIsCountedOnce() throws {
        let all = try Vectors.paths.flatMap { try VectorFile.cases(atPath: $0) }
        let report = try Conformance.run(files: Vectors.paths)
        let counted = report.passed + report.failed.map(\.id) + report.skipped.flatMap(\.ids)
        #expect(counted.sorted() == all.map(\.id).sorted())
    }

    @Test func everyKnownFamilyHasACaseThatIsRun() throws {
        let families = Set(try Vectors.runnable().map(\.family))
        for family in ConformanceFamily.allCases { #expect(families.contains(family.rawValue)) }
    }

    @Test func runsAreTheSameEveryTime() throws {
        let first = try Conformance.run(files: Vectors.paths)
        #expect(try Conformance.run(files: Vectors.paths) == first)
    }
}

/// Counts that come from the same shares pass, others do not.
struct HomogeneityTests {
    @Test func oneDestinationAlwaysHolds() {
        var test = Homogeneity()
        test.add([5], [2000])
        #expect(test.degreesOfFreedom == 0)
        #expect(test.holds)
    }

    @Test func fairDrawsHoldAndUnfairOnesDoNot() {
        for seed in 0..<300 as Range<UInt64> {
            var generator = SplitMix64(seed: seed)
            var counts = [0, 0, 0, 0, 0]
            for _ in 0..<2000 { counts[Int(generator.draw() % 5)] += 1 }
            var fair = Homogeneity()
            fair.add(counts, [387, 410, 391, 413, 399])
            #expect(fair.holds, "seed \(seed)")
            var unfair = Homogeneity()
            unfair.add(counts, [587, 210, 391, 413, 399])
            #expect(!unfair.holds, "seed \(seed)")
        }
    }

    /// Quantiles at 1 − 0.000001; the critical value is never below, and at most a sixth above.
    @Test(arguments: [(1, 23.93), (2, 27.63), (4, 33.38), (10, 46.86)])
    func criticalValuesAreOnTheSafeSide(_ degreesOfFreedom: Int, _ quantile: Double) {
        let value = Homogeneity.criticalValue(degreesOfFreedom)
        #expect(value >= quantile)
        #expect(value <= quantile * 7 / 6)
    }
}

/// Linux takes the unspecified address for this host.
struct LinuxConnectTests {
    @Test(arguments: [
        ("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("[::ffff:0.0.0.0]:80", "[::ffff:127.0.0.1]:80"),
        ("0.0.0.2:929", "0.0.0.2:929"), ("[::2]:929", "[::2]:929"), ("10.0.0.1:0", "10.0.0.1:0"),
    ])
    func unspecifiedMeansThisHost(_ asked: String, _ expected: String) throws {
        let address = try #require(SocketAddress(asked))
        #expect(LinuxConnect.destination(of: address).description == expected)
    }
}
