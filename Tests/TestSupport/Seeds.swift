import Foundation
public import Model

/// Runs a property over the seeds 1...count, or over the one that the variable SEED names.
public func forEachSeed(count: Int, _ body: (UInt64) throws -> Void) rethrows {
    if let only = ProcessInfo.processInfo.environment["SEED"].flatMap({ UInt64($0) }) {
        try body(only)
        return
    }
    for seed in 1...UInt64(count) { try body(seed) }
}

extension SplitMix64 {
    /// A number in 0..<limit; the slight bias of the remainder does not matter here.
    public mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// True once in `count` times.
    public mutating func isOneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// One of the elements.
    public mutating func one<C: RandomAccessCollection>(of choices: C) -> C.Element where C.Index == Int {
        choices[choices.startIndex + below(choices.count)]
    }

    /// Each element with even odds, in order.
    public mutating func some<C: Collection>(of choices: C) -> [C.Element] { choices.filter { _ in isOneIn(2) } }
}
