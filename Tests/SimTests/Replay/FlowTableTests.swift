import Model
import TestSupport
import Testing

@testable import Sim

private func key(_ random: inout SplitMix64, range: Int) -> FlowKey {
    let isIPv6 = random.isOneIn(4)
    func end(_ random: inout SplitMix64) -> SocketAddress {
        let number = UInt64(random.below(range))
        // Some differ in their higher bits alone.
        let wide = IPAddress.v6(high: 0xfd << 56 | number & 1, low: (number & 2) << 40 | number >> 2)
        return SocketAddress(isIPv6 ? wide : .v4(UInt32(number)), port: UInt16(random.below(4)))
    }
    return FlowKey(end(&random), end(&random), random.one(of: [.tcp, .udp]))
}

@Test func theTableFindsWhatADictionaryFinds() {
    forEachSeed(count: 60) { seed in
        var random = SplitMix64(seed: seed)
        let range = random.one(of: [3, 10, 40])
        var table = FlowTable()
        /// By the keys of both directions.
        var model: [FlowKey: (packet: UInt64, isForward: Bool)] = [:]
        var live: [UInt64: (number: UInt32, keys: [FlowKey])] = [:]
        var next: UInt64 = 1
        for _ in 0..<2000 {
            let key = key(&random, range: range)
            let place = table.find(key, hash: key.hash)
            let expected = model[key]
            #expect(place.map { table[$0.number].firstPacket } == expected?.packet, "seed \(seed)")
            #expect(place?.isForward == expected?.isForward, "seed \(seed)")
            if let expected, random.isOneIn(3), let known = live.removeValue(forKey: expected.packet) {
                table.remove(known.number)
                for key in known.keys { model[key] = nil }
            } else if expected == nil {
                var entry = FlowEntry(key, firstPacket: next, timestamp: 0)
                let final = anotherEnd(&random, like: key, range: range)
                // Ends that another flow has are left to tests of their own.
                if model[final] == nil, model[final.turned] == nil, final != key, final.turned != key {
                    entry.setFinal(final.destinationAddress)
                }
                let number = table.insert(entry)
                let keys = Set([entry.requestedKey, entry.finalKey])
                for key in keys {
                    model[key.turned] = (next, false)
                    model[key] = (next, true)
                }
                live[next] = (number, keys.flatMap { [$0, $0.turned] })
                next += 1
            }
            #expect(table.count == live.count)
        }
    }
}

/// Also those keys whose insertion made the index grow.
@Test func aRemovedFlowIsNotFound() {
    var table = FlowTable()
    for _ in 0..<3 {
        let entries = (1...500).map { number -> FlowEntry in
            let client = SocketAddress(.v4(0x0a00_0000 + UInt32(number)), port: 1000)
            let key = FlowKey(client, SocketAddress(.v4(0x0a60_0001), port: 80), .tcp)
            var entry = FlowEntry(key, firstPacket: UInt64(number), timestamp: 0)
            entry.setFinal(SocketAddress(.v4(0x0af4_0001), port: 80))
            return entry
        }
        let numbers = entries.map { table.insert($0) }
        for (entry, number) in zip(entries, numbers) {
            let (requested, final) = (entry.requestedKey, entry.finalKey)
            #expect(table.find(requested, hash: requested.hash)?.number == number)
            #expect(table.find(final, hash: final.hash)?.number == number)
            table.remove(number)
            #expect(table.find(requested, hash: requested.hash) == nil)
            #expect(table.find(final, hash: final.hash) == nil)
        }
        #expect(table.count == 0)
    }
}

/// Another end for a key's source.
private func anotherEnd(_ random: inout SplitMix64, like key: FlowKey, range: Int) -> FlowKey {
    var other = key
    other.destination.low = UInt64(random.below(range))
    other.destinationPort = UInt16(random.below(4))
    return other
}

extension FlowKey {
    fileprivate var turned: FlowKey {
        FlowKey(destinationAddress, sourceAddress, IPProtocol(rawValue: protocolNumber))
    }
}

@Test func aFlowTakes128BytesOfWhichMostPacketsTouchTheFirst64() {
    #expect(MemoryLayout<FlowEntry>.stride == 128)
    #expect(MemoryLayout<FlowEntry>.offset(of: \.backward).map { $0 + MemoryLayout<FlowWay>.size <= 64 } == true)
    #expect(MemoryLayout<FlowEntry>.offset(of: \.firstPacket) == 64)
}

@Test func aCountTakesNoMoreThanItHasRoomFor() {
    var count = FlowCount(byteCount: Int(UInt32.max) - 10)
    let isCounted = [10, 1].map { count.add(byteCount: $0) }
    #expect(isCounted == [true, false])
    #expect(count.traffic == Traffic(packets: 2, bytes: UInt64(UInt32.max)))
}

@Test func bothDirectionsHaveOneHash() {
    forEachSeed(count: 200) { seed in
        var random = SplitMix64(seed: seed)
        let key = key(&random, range: 1 << 20)
        #expect(key.hash == key.turned.hash)
    }
}
