import KernelABI
import Model
import TestSupport
import Testing

@Suite struct LeastRecentlyUsedMapTests {
    private typealias Map = LeastRecentlyUsedMap<EndpointKey, EndpointValue>

    private func key(_ number: Int) -> EndpointKey {
        EndpointKey(service_id: UInt32(number % 7), prio: UInt32(number % 3), backend_index: UInt32(number))
    }

    /// Few keys, so that all of hits, evictions and deletes come up often.
    @Test func anySequenceGivesWhatAListByAgeGives() {
        forEachSeed(count: 200) { seed in
            var random = SplitMix64(seed: seed)
            let capacity = random.one(of: [1, 2, 5, 40, 1000])
            let keyCount = random.one(of: [2, 6, 60, 400])
            var map = Map(capacity: capacity)
            /// The oldest first.
            var reference: [(number: Int, value: UInt32)] = []
            for step in 0..<400 {
                let number = random.below(keyCount)
                let known = reference.firstIndex { $0.number == number }
                switch random.below(8) {
                case 0:
                    let isDone = (try? map.delete(key(number))) != nil
                    #expect(isDone == (known != nil), "seed \(seed) step \(step)")
                    if let known { reference.remove(at: known) }
                case 1...3:
                    let found = map.lookup(key(number))?.backend_uid
                    #expect(found == known.map { reference[$0].value }, "seed \(seed) step \(step)")
                    if let known { reference.append(reference.remove(at: known)) }
                default:
                    let value = random.draw()
                    map.update(key(number), to: EndpointValue(backend_uid: value))
                    if let known { reference.remove(at: known) }
                    if reference.count == capacity { reference.removeFirst() }
                    reference.append((number, value))
                }
                let entries = map.entriesByAge.map { [$0.key.backend_index, $0.value.backend_uid] }
                #expect(entries == reference.map { [UInt32($0.number), $0.value] }, "seed \(seed) step \(step)")
                #expect(map.count == reference.count, "seed \(seed) step \(step)")
            }
        }
    }

    @Test func aMapOfTheProgramsSizeKeepsTheYoungest() {
        let capacity = 65_536
        var map = Map(capacity: capacity)
        for number in 0..<3 * capacity { map.update(key(number), to: EndpointValue(backend_uid: UInt32(number))) }
        #expect(map.count == capacity)
        for number in 0..<3 * capacity {
            let isThere = map.lookup(key(number)) != nil
            if isThere != (number >= 2 * capacity) { Issue.record("key \(number)") }
        }
    }

    @Test func aCopyIsASnapshotAndEverythingCanBeDeleted() {
        var map = Map(capacity: 2)
        map.update(key(1), to: EndpointValue(backend_uid: 1))
        var copy = map
        map.update(key(1), to: EndpointValue(backend_uid: 2))
        #expect(copy.lookup(key(1))?.backend_uid == 1 && map.lookup(key(1))?.backend_uid == 2)
        map.removeAll()
        #expect(map.count == 0 && map.lookup(key(1)) == nil && map.capacity == 2)
    }

    @Test func tuplesAndFragmentsAreToldApartByEveryByte() throws {
        let flow = PacketFlow(
            source: try #require(SocketAddress("[fd00::1]:40000")),
            destination: try #require(SocketAddress("[fd00::2]:80")))
        let base = ConnectionTuple(flow)
        #expect(base.isSame(as: ConnectionTuple(flow)))
        let changes: [(inout km_tuple6) -> Void] = [
            { $0.saddr.0 ^= 1 }, { $0.saddr.1 ^= 1 }, { $0.saddr.2 ^= 1 }, { $0.saddr.3 ^= 1 << 31 },
            { $0.daddr.0 ^= 1 }, { $0.daddr.1 ^= 1 }, { $0.daddr.2 ^= 1 }, { $0.daddr.3 ^= 1 << 31 },
            { $0.sport ^= 1 }, { $0.dport ^= 1 << 15 },
        ]
        for (index, change) in changes.enumerated() {
            var other = base
            change(&other.ipv6)
            #expect(!other.isSame(as: base) && other.hashBits != base.hashBits, "change \(index)")
        }
        let pair = AddressPair(source: flow.source.address, destination: flow.destination.address)
        let fragment = FragmentKey(pair, identification: 0x0102_0304)
        let fields: [(inout FragmentKey) -> Void] = [
            { $0.source.word.0 ^= 1 }, { $0.source.word.3 ^= 1 }, { $0.destination.word.0 ^= 1 },
            { $0.destination.word.3 ^= 1 }, { $0.identification ^= 1 }, { $0.is_ipv6 ^= 1 },
        ]
        for (index, change) in fields.enumerated() {
            var other = fragment
            change(&other)
            #expect(!other.isSame(as: fragment) && other.hashBits != fragment.hashBits, "field \(index)")
        }
    }

    @Test func keysHaveTheBytesOfThePacket() throws {
        let flow = PacketFlow(
            source: try #require(SocketAddress("10.0.0.1:40000")),
            destination: try #require(SocketAddress("10.0.0.2:80")))
        let tuple = ConnectionTuple(flow).ipv6
        // Source, destination, ports in host order, zeros.
        #expect(layoutBytes(of: tuple.saddr.0) == [10, 0, 0, 1] && layoutBytes(of: tuple.saddr.1) == [10, 0, 0, 2])
        #expect(tuple.saddr.2 == 40_000 | 80 << 16 && tuple.saddr.3 == 0)
        #expect(tuple.daddr == (0, 0, 0, 0) && tuple.sport == 0 && tuple.dport == 0)
        let v4 = AddressPair(source: flow.source.address, destination: flow.destination.address)
        #expect(layoutBytes(of: FragmentKey(v4, identification: 0x0102)).suffix(8) == [1, 2, 0, 0, 0, 0, 0, 0])
        let v6 = AddressPair(source: .v6(high: 1, low: 2), destination: .v6(high: 3, low: 4))
        #expect(
            layoutBytes(of: FragmentKey(v6, identification: 0x0102_0304)).suffix(8) == [1, 2, 3, 4, 1, 0, 0, 0])
    }
}
