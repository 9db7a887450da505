import KernelABI
import Model
import TestSupport
import Testing

@Suite struct HashMapTests {
    private typealias Map = HashMap<EndpointKey, EndpointValue>

    /// Few keys, so that all of insert, update, delete and the full map come up often.
    @Test func anySequenceGivesWhatADictionaryGives() {
        forEachSeed(count: 200) { seed in
            var random = SplitMix64(seed: seed)
            let capacity = random.one(of: [0, 1, 5, 40, 1000])
            let keyCount = random.one(of: [3, 60, 400])
            var map = Map(capacity: capacity)
            var reference: [UInt32: UInt32] = [:]
            for step in 0..<300 {
                let number = UInt32(random.below(keyCount))
                let key = EndpointKey(service_id: number % 7, prio: number % 3, backend_index: number)
                if random.isOneIn(3) {
                    let wanted: MapError? = reference.removeValue(forKey: number) == nil ? .missing : nil
                    #expect(
                        failure { () throws(MapError) in try map.delete(key) } == wanted, "seed \(seed) step \(step)")
                } else {
                    let value = random.draw()
                    let isFull = reference[number] == nil && reference.count == capacity
                    let wanted: MapError? = isFull ? .full(capacity: capacity) : nil
                    if !isFull { reference[number] = value }
                    let found = failure { () throws(MapError) in
                        try map.update(key, to: EndpointValue(backend_uid: value))
                    }
                    #expect(found == wanted, "seed \(seed) step \(step)")
                }
                #expect(map.lookup(key)?.backend_uid == reference[number], "seed \(seed) step \(step)")
                #expect(map.count == reference.count, "seed \(seed) step \(step)")
            }
            let entries = map.sortedEntries.map { [$0.key.backend_index, $0.value.backend_uid] }
            #expect(Set(entries) == Set(reference.map { [$0.key, $0.value] }), "seed \(seed)")
        }
    }

    private func failure(_ body: () throws(MapError) -> Void) -> MapError? {
        do { try body() } catch { return error }
        return nil
    }

    @Test func aFullMapTakesUpdatesOfKnownKeysOnly() throws {
        var map = HashMap<ServiceKey, EndpointValue>(capacity: 1)
        try map.update(ServiceKey(service_id: 1), to: EndpointValue(backend_uid: 1))
        try map.update(ServiceKey(service_id: 1), to: EndpointValue(backend_uid: 2))
        #expect(throws: MapError.full(capacity: 1)) {
            try map.update(ServiceKey(service_id: 2), to: EndpointValue(backend_uid: 3))
        }
        #expect(map.lookup(ServiceKey(service_id: 1))?.backend_uid == 2)
    }

    @Test func aCopyIsASnapshot() throws {
        var map = HashMap<ServiceKey, EndpointValue>(capacity: 2)
        try map.update(ServiceKey(service_id: 1), to: EndpointValue(backend_uid: 1))
        let copy = map
        try map.update(ServiceKey(service_id: 1), to: EndpointValue(backend_uid: 2))
        try map.update(ServiceKey(service_id: 2), to: EndpointValue(backend_uid: 3))
        #expect(copy.count == 1 && copy.lookup(ServiceKey(service_id: 1))?.backend_uid == 1)
    }

    @Test func entriesAreOrderedByTheBytesOfTheirKeys() throws {
        var map = HashMap<FrontendKey, FrontendValue>(capacity: 10)
        let addresses = ["10.0.0.2", "10.0.0.10", "9.255.0.0", "fd00::1", "::1"].compactMap { IPAddress($0) }
        for address in addresses { try map.update(FrontendKey(address), to: FrontendValue(upstream_id: 1)) }
        let order = map.sortedEntries.map { $0.key.addr.address.description }
        #expect(order == ["::1", "9.255.0.0", "10.0.0.2", "10.0.0.10", "fd00::1"])
    }

    @Test func errorsHaveTheNamesOfTheKernel() {
        let errors: [MapError] = [.full(capacity: 1), .missing, .noSpace(capacity: 1), .invalid]
        #expect(errors.map(\.name) == ["E2BIG", "ENOENT", "ENOSPC", "EINVAL"])
    }
}
