import KernelTestSupport
import Live
import Model
import TestSupport
import Testing

/// The kernel gives the memory of a replaced entry to the next insert into the same map at once, while a lookup may still
/// hold it. Lookups of one service must not read another's value then.
@Suite(.serialized, needsKernel) struct FreedElementTests {
    private static let (first, second): (ResourceID, ResourceID) = (101, 102)
    private static let pods: [(uid: ResourceID, address: IPAddress)] = [
        (201, .v4(0x0A00_0001)), (202, .v4(0x0A00_0002)),
    ]
    /// A pod of the other family, over which lookups step.
    private static let sixUID: ResourceID = 203

    /// The virtual IP that is asked for.
    static var firstAddress: SocketAddress { SocketAddress(.v4(0x0A60_0000 | first), port: 80) }

    /// The first service of long lookups with another target port.
    static func replacement(target: UInt16) -> MapWrite {
        .put(.service(ServiceKey(service_id: first), value(target: target, counts: .init(repeating: 8))))
    }

    /// A service with ten ports that another's value would answer otherwise.
    private static func value(target: UInt16, counts: InlineArray<7, UInt32>) -> ServiceValue {
        var value = ServiceValue()
        value.lb_policy = BalancingPolicy.failover.rawValue
        var (ports, targets) = (value.servicePorts, value.targetPorts)
        // The port that is asked for is the last: all ten are read.
        for index in ports.indices { ports[index] = mapPort(index == 9 ? 80 : UInt16(1000 + index)) }
        for index in targets.indices { targets[index] = mapPort(target) }
        (value.servicePorts, value.targetPorts) = (ports, targets)
        value.endpointCounts = counts
        return value
    }

    /// What is replaced while lookups run: entries of two services in turn.
    enum Replaced: CaseIterable {
        case frontends, services, servicesOfLongLookups, endpoints, backends
    }

    /// The maps of two services, and the entries that are replaced, which stay as they are.
    static func entries(_ replaced: Replaced) -> (all: [MapWrite], again: [MapWrite]) {
        // Lookups that step over many endpoints of the other family hold the service's value for longer.
        let count: UInt32 = replaced == .servicesOfLongLookups ? 8 : 1
        let counts: InlineArray<7, UInt32> = count == 1 ? [1, 0, 0, 0, 0, 0, 0] : .init(repeating: count)
        let six = IPAddress.v6(high: 0xfd00_0000_0000_0000, low: 9)
        var all: [MapWrite] = [.put(.backend(BackendKey(backend_uid: Self.sixUID), BackendValue(addr: six)))]
        var again: [MapWrite] = []
        for (id, pod, target) in [(Self.first, Self.pods[0], 8080), (Self.second, Self.pods[1], 9090 as UInt16)] {
            let backend = MapEntry.backend(BackendKey(backend_uid: pod.uid), BackendValue(addr: pod.address))
            let service = MapEntry.service(ServiceKey(service_id: id), Self.value(target: target, counts: counts))
            let frontend = MapEntry.frontend(
                FrontendKey(.v4(0x0A60_0000 | id)), FrontendValue(upstream_id: id))
            var endpoints: [MapEntry] = []
            for priority in counts.indices {
                for index in 0..<counts[priority] {
                    let key = EndpointKey(service_id: id, prio: UInt32(priority), backend_index: index + 1)
                    let uid = priority == 6 || count == 1 ? pod.uid : Self.sixUID
                    endpoints.append(.endpoint(key, EndpointValue(backend_uid: uid)))
                }
            }
            all += ([backend] + endpoints + [service, frontend]).map { .put($0) }
            let entry =
                switch replaced {
                case .frontends: frontend
                case .services, .servicesOfLongLookups: service
                case .endpoints: endpoints[0]
                case .backends: backend
                }
            again.append(.put(entry))
        }
        return (all, again)
    }

    @Test(arguments: [Replaced.frontends, .servicesOfLongLookups, .backends])
    func aLookupDoesNotReadAnotherKeysValue(_ replaced: Replaced) throws {
        var scene = try FireScene(.hardened)
        let (all, again) = Self.entries(replaced)
        try scene.apply(all)
        scene.fire.ask([.init(destination: Self.firstAddress, family: .v4)])
        scene.fire.start()
        let many = Array(repeating: again, count: 100).flatMap(\.self)
        var replacementCount = 0
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .milliseconds(400) {
            _ = try scene.dataplane.maps.apply(many)
            replacementCount += many.count
        }
        let result = try scene.judge()
        print("\(replaced): \(replacementCount) replacements, \(result.text)")
        // Without copies 250 of 10,000 long lookups are wrong. A processor that pauses in the middle of a copy, and of its
        // check, can still be; no writer of ours replaces a million values a second.
        #expect(result.shotCount > 0)
        #expect(result.wrong.count * 5000 <= result.shotCount, "\(result.wrong.prefix(5).joined(separator: "\n"))")
    }
}
