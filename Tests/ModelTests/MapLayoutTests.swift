import KernelABI
import Model
import Testing

@Suite struct MapLayoutTests {
    @Test func sizesAreThoseOfTheHeader() {
        #expect(MemoryLayout<FrontendKey>.size == 16 && MemoryLayout<FrontendValue>.size == 4)
        #expect(MemoryLayout<ServiceKey>.size == 4 && MemoryLayout<ServiceValue>.size == 132)
        #expect(MemoryLayout<EndpointKey>.size == 12 && MemoryLayout<EndpointValue>.size == 4)
        #expect(MemoryLayout<BackendKey>.size == 4 && MemoryLayout<BackendValue>.size == 80)
        #expect(MemoryLayout<BackendAlternative>.size == 16)
        #expect(MemoryLayout<ServicePortKey>.size == 8 && MemoryLayout<ServicePortValue>.size == 4)
        #expect(MemoryLayout<ManageKey>.size == 16 && MemoryLayout<ManageValue>.size == 4)
        #expect(MemoryLayout<ConnectionTuple>.size == 36 && MemoryLayout<SocketStorage>.size == 64)
        #expect(MemoryLayout<NodeInfoKey>.size == 20 && MemoryLayout<WorkloadPolicyValue>.size == 16)
        #expect(MemoryLayout<km_connection_report>.size == 128 && MemoryLayout<km_auth_request>.size == 40)
    }

    @Test func fieldsAreWhereTheLayoutSays() {
        #expect(MemoryLayout<ServiceValue>.offset(of: \.lb_policy) == 28)
        #expect(MemoryLayout<ServiceValue>.offset(of: \.service_port) == 32)
        #expect(MemoryLayout<ServiceValue>.offset(of: \.target_port) == 72)
        #expect(MemoryLayout<ServiceValue>.offset(of: \.wp_addr) == 112)
        #expect(MemoryLayout<ServiceValue>.offset(of: \.waypoint_port) == 128)
        #expect(MemoryLayout<BackendValue>.offset(of: \.service_count) == 16)
        #expect(MemoryLayout<BackendValue>.offset(of: \.service) == 20)
        #expect(MemoryLayout<BackendValue>.offset(of: \.wp_addr) == 60)
        #expect(MemoryLayout<BackendValue>.offset(of: \.waypoint_port) == 76)
        #expect(MemoryLayout<SocketStorage>.offset(of: \.original_dst) == 24)
    }

    @Test func anIPv4AddressFillsTheFirstFourBytes() {
        #expect(layoutBytes(of: MapAddress(.v4(0x0A01_0203))) == [10, 1, 2, 3] + [UInt8](repeating: 0, count: 12))
        #expect(layoutBytes(of: FrontendKey(.v4(0x0A01_0203))) == layoutBytes(of: MapAddress(.v4(0x0A01_0203))))
        #expect(layoutBytes(of: ManageKey(.v4(0x0A01_0203))) == layoutBytes(of: MapAddress(.v4(0x0A01_0203))))
    }

    @Test func anIPv6AddressIsInNetworkOrder() {
        let address = IPAddress.v6(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)
        #expect(layoutBytes(of: MapAddress(address)) == Array(0...15))
        #expect(MapAddress(address).asV6 == address && MapAddress(address).address == address)
    }

    @Test func theFamilyIsToldByTheBytesAfterTheFirstWord() {
        #expect(MapAddress(.v4(1)).family == .v4 && MapAddress(.v4(1)).address == .v4(1))
        #expect(MapAddress(.v6(high: 1, low: 0)).family == .v6 && MapAddress(.v6(high: 0, low: 1)).family == .v6)
        #expect(MapAddress(IPAddress.v4(1).mapped).family == .v6)
        #expect(MapAddress.zero.isZero && !MapAddress(.v6(high: 0, low: 1)).isZero)
        // All that an IPv4 program sees of an IPv6 address.
        #expect(MapAddress(.v6(high: 0xFD00_0001_0000_0000, low: 1)).asV4 == .v4(0xFD00_0001))
    }

    @Test func portsAreInNetworkOrderInTheLowHalf() {
        #expect(layoutBytes(of: mapPort(0x1F90)) == [0x1F, 0x90, 0, 0])
        for port in UInt16.min...UInt16.max where hostPort(mapPort(port)) != port { Issue.record("port \(port)") }
        #expect(hostPort(mapPort(80) | 0xFFFF_0000) == 80)
    }

    @Test func aServiceValueHasTheBytesOfUpstream() {
        var value = ServiceValue()
        value.endpointCounts[0] = 2
        value.endpointCounts[6] = 1
        value.lb_policy = 2
        value.servicePorts[0] = mapPort(80)
        value.targetPorts[9] = mapPort(8080)
        value.wp_addr = MapAddress(.v4(0x0A00_0001))
        value.waypoint_port = mapPort(15008)
        var wanted = [UInt8](repeating: 0, count: 132)
        wanted[0] = 2
        wanted[24] = 1
        wanted[28] = 2
        wanted[33] = 80
        wanted[108...109] = [0x1F, 0x90]
        wanted[112...115] = [10, 0, 0, 1]
        wanted[128...129] = [0x3A, 0xA0]
        #expect(layoutBytes(of: value) == wanted)
        #expect(layout(ServiceValue.self, from: wanted).map { sameBytes($0, value) } == true)
        #expect(layout(ServiceValue.self, from: Array(wanted.dropLast())) == nil)
    }

    @Test func aBackendValueHasTheBytesOfUpstream() {
        var value = BackendValue()
        value.addr = MapAddress(.v4(0x0A00_0001))
        value.service_count = 1
        value.services[9] = 7
        value.waypoint_port = mapPort(80)
        var wanted = [UInt8](repeating: 0, count: 80)
        wanted[0...3] = [10, 0, 0, 1]
        wanted[16] = 1
        wanted[56] = 7
        wanted[77] = 80
        #expect(layoutBytes(of: value) == wanted)
    }

    @Test func aCookieFillsTheFirstEightBytes() {
        #expect(layoutBytes(of: ManageKey(cookie: 0x0102)) == [2, 1] + [UInt8](repeating: 0, count: 14))
    }

    /// H4: address, port, and whether service and backend have a waypoint by each test.
    @Test(
        arguments: [
            ("0.0.0.0", 0, false, false, false, false), ("0.0.0.0", 80, false, false, true, false),
            ("10.0.0.1", 0, false, false, false, false), ("10.0.0.1", 80, true, true, true, true),
            ("::1", 80, false, true, true, true), ("fd00::1", 80, true, true, true, true),
        ] as [(String, UInt16, Bool, Bool, Bool, Bool)])
    func waypointsAreSeenByEachTest(
        _ address: String, _ port: UInt16, _ serviceWord: Bool, _ serviceBoth: Bool, _ backendWord: Bool,
        _ backendBoth: Bool
    ) throws {
        var (service, backend) = (ServiceValue(), BackendValue())
        service.wp_addr = MapAddress(try #require(IPAddress(address)))
        service.waypoint_port = mapPort(port)
        (backend.wp_addr, backend.waypoint_port) = (service.wp_addr, service.waypoint_port)
        #expect(service.hasWaypoint(.firstWord) == serviceWord && service.hasWaypoint(.addressAndPort) == serviceBoth)
        #expect(backend.hasWaypoint(.firstWord) == backendWord && backend.hasWaypoint(.addressAndPort) == backendBoth)
    }
}
