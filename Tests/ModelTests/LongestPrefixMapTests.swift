import KernelABI
import Model
import TestSupport
import Testing

@Suite struct LongestPrefixMapTests {
    /// The first bits of the 16 bytes, as text.
    private func text(_ bytes: [UInt8], count: Int) -> String {
        (0..<count).map { bit in bytes[bit / 8] & 0x80 >> UInt8(bit % 8) == 0 ? "0" : "1" }.joined()
    }

    private func bits(_ key: NodeInfoKey) -> String {
        text(layoutBytes(of: key.addr), count: Int(key.prefix_length))
    }

    @Test func anySequenceGivesWhatALinearSearchGives() {
        forEachSeed(count: 150) { seed in
            var random = SplitMix64(seed: seed)
            let capacity = random.one(of: [2, 10, 100])
            var map = LongestPrefixMap(capacity: capacity)
            var reference: [String: UInt32] = [:]
            // Addresses that share their first bits often.
            func address() -> MapAddress {
                var address = MapAddress()
                address.word.0 = UInt32(random.below(4)) << 24 | UInt32(random.below(2)) | 0x0A
                address.word.3 = UInt32(random.below(3)) << 24
                return address
            }
            for step in 0..<60 {
                let key = NodeInfoKey(
                    prefix_length: UInt32(random.one(of: [0, 1, 7, 8, 31, 32, 64, 127, 128])), addr: address())
                if random.isOneIn(4) {
                    let isThere = reference.removeValue(forKey: bits(key)) != nil
                    let isDone = (try? map.delete(key)) != nil
                    #expect(isDone == isThere, "seed \(seed) step \(step)")
                } else {
                    let isFull = reference[bits(key)] == nil && reference.count == capacity
                    let value = random.draw()
                    if !isFull { reference[bits(key)] = value }
                    let isDone = (try? map.update(key, to: value)) != nil
                    #expect(isDone == !isFull, "seed \(seed) step \(step)")
                }
                let asked = address()
                let all = bits(NodeInfoKey(prefix_length: 128, addr: asked))
                let best = reference.filter { all.hasPrefix($0.key) }.max { $0.key.count < $1.key.count }
                #expect(map.lookup(asked) == best?.value, "seed \(seed) step \(step)")
                #expect(map.count == reference.count, "seed \(seed) step \(step)")
            }
        }
    }

    @Test func errorsAreThoseOfTheTrie() throws {
        var map = LongestPrefixMap(capacity: 1)
        let long = NodeInfoKey(prefix_length: 129, addr: .zero)
        #expect(throws: MapError.invalid) { try map.update(long, to: 1) }
        #expect(throws: MapError.invalid) { try map.delete(long) }
        let prefix = NodeInfoKey(try #require(Prefix("10.0.0.0/8")))
        #expect(throws: MapError.missing) { try map.delete(prefix) }
        try map.update(prefix, to: 1)
        try map.update(NodeInfoKey(try #require(Prefix("10.9.9.9/8"))), to: 2)  // host bits do not count
        #expect(map.count == 1 && map.lookup(MapAddress(.v4(0x0A01_0203))) == 2)
        #expect(throws: MapError.noSpace(capacity: 1)) {
            try map.update(NodeInfoKey(prefix_length: 9, addr: .zero), to: 1)
        }
    }
}
