import Model
import TestSupport
import Testing

@testable import Sim

struct SequenceSetTests {
    @Test func rangesAreThoseOfASet() throws {
        forEachSeed(count: 100) { seed in
            var random = SplitMix64(seed: seed)
            var (set, plain) = (SequenceSet(), Set<UInt64>())
            for _ in 0..<200 {
                let number = UInt64(random.below(150))
                let (isNew, isNewInSet) = (set.insert(number), plain.insert(number).inserted)
                #expect(isNew == isNewInSet)
            }
            #expect(set.ranges.flatMap(Array.init) == plain.sorted(), "seed \(seed)")
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
        }
    }

    @Test func memoryIsBounded() {
        var set = SequenceSet()
        for number in UInt64(0)..<20_000 { _ = set.insert(number * 2) }
        #expect(set.ranges.count == SequenceSet.rangeLimit)
        #expect(set.gaps.reduce(0) { $0 + UInt64($1.count) } + set.forgottenCount == 19_999)
        #expect(set.first == 0 && set.last == 39_998)
    }
}
