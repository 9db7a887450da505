import Model
import TestSupport
import Testing

/// What a window must do, told by the set of all numbers received.
private struct PlainWindow {
    var size: UInt64
    var received: Set<UInt64> = []
    var highest: UInt64 = 0

    func check(_ number: UInt64) -> ReplayWindow.Check {
        if number == 0 { return .zero }
        if number > highest { return .fresh(number) }
        if highest - number >= size { return .tooOld }
        return received.contains(number) ? .replayed : .fresh(number)
    }

    mutating func advance(to number: UInt64) {
        received.insert(number)
        highest = max(highest, number)
    }
}

/// Every sequence of six numbers up to 7, in windows of 1 to 5: 117,649 sequences each.
@Test(arguments: 1...5)
func smallWindowsAreASetOfNumbers(size: Int) throws {
    let base = try #require(ReplayWindow(size: UInt32(size)))
    func explore(_ window: ReplayWindow, _ plain: PlainWindow, depth: Int) {
        for number in UInt64(0)..<7 {
            let check = window.check(UInt32(number))
            #expect(check == plain.check(number), "\(number) after \(plain.received.sorted())")
            guard case .fresh(let whole) = check, depth > 1 else { continue }
            var (nextWindow, nextPlain) = (window, plain)
            nextWindow.advance(to: whole)
            nextPlain.advance(to: number)
            explore(nextWindow, nextPlain, depth: depth - 1)
        }
    }
    explore(base, PlainWindow(size: UInt64(size)), depth: 6)
}

@Test func largeWindowsAreASetOfNumbers() throws {
    try forEachSeed(count: 40) { seed in
        var random = SplitMix64(seed: seed)
        let size = UInt64(random.one(of: [1, 31, 32, 33, 63, 64, 65, 1000, 4095, 4096]))
        var window = try #require(ReplayWindow(size: UInt32(size)))
        var plain = PlainWindow(size: size)
        for _ in 0..<3000 {
            let spread = random.isOneIn(50) ? size * 3 : size / 2 + 2
            let number = max(plain.highest + spread, size) - min(UInt64(random.below(Int(size * 2) + 4)), spread)
            let check = window.check(UInt32(number))
            #expect(check == plain.check(number), "seed \(seed), \(number) at \(plain.highest)")
            // A wrong ICV does not move it.
            guard case .fresh(let whole) = check, !random.isOneIn(5) else { continue }
            window.advance(to: whole)
            plain.advance(to: number)
        }
    }
}

/// As long as numbers are less than half of 2³² apart from the window, the half that is not sent is found again.
@Test func extendedNumbersAreFoundAgainAcrossTheirLowHalf() throws {
    try forEachSeed(count: 40) { seed in
        var random = SplitMix64(seed: seed)
        let size = UInt64(random.one(of: [1, 32, 64, 4096]))
        let start = UInt64(random.below(3) + 1) << 32 - UInt64(random.below(3000))
        var window = try #require(ReplayWindow(size: UInt32(size), isExtended: true, highest: start))
        var plain = PlainWindow(size: size, highest: start)
        for _ in 0..<3000 {
            let ahead = UInt64(random.below(random.isOneIn(20) ? 1 << 30 : 40))
            let number = plain.highest + ahead - min(UInt64(random.below(Int(size) * 2)), size - 1)
            let check = window.check(UInt32(truncatingIfNeeded: number))
            #expect(check == plain.check(number), "seed \(seed), \(number) at \(plain.highest)")
            guard case .fresh(let whole) = check else { continue }
            window.advance(to: whole)
            plain.advance(to: number)
        }
    }
}

@Test func aWindowOfZeroChecksNothing() throws {
    var window = try #require(ReplayWindow(size: 0))
    for number: UInt32 in [5, 5, 1, 0, .max] {
        #expect(window.check(number) == .fresh(UInt64(number)))
        window.advance(to: UInt64(number))
    }
}

@Test func windowsThatLinuxRefusesAreNone() {
    #expect(ReplayWindow(size: 4097) == nil)
    #expect(ReplayWindow(size: 0, isExtended: true) == nil)
    #expect(ReplayWindow(size: 4096, isExtended: true) != nil)
}

/// At the start of the first cycle a number behind the window is taken for one of the cycle before, whose ICV is wrong.
@Test func nothingIsBeforeTheFirstCycle() throws {
    let window = try #require(ReplayWindow(size: 64, isExtended: true))
    #expect(window.check(0) == .zero)
    #expect(window.check(1) == .fresh(1))
    #expect(window.number(of: .max) == .max)
}
