import Model
import TestSupport
import Testing

@testable import Sim

/// The options of a preset, some of them set to any other value.
private func options(_ preset: Preset, _ random: inout SplitMix64) -> DataplaneOptions {
    var options = DataplaneOptions(preset)
    for name in OptionName.allCases where random.isOneIn(6) {
        _ = options.set(name, to: random.one(of: DataplaneOptions.choices(of: name)))
    }
    return options
}

@Test(arguments: Preset.allCases)
func theDifferenceIsWhatEveryPairShows(_ preset: Preset) throws {
    var differing = 0
    var same = 0
    try forEachSeed(count: 300) { seed in
        var generator = MeshGenerator(seed: seed, serviceCount: 3, workloadCount: 4)
        let before = generator.mesh()
        var after = before
        for _ in 0..<generator.random.one(of: [1, 1, 1, 3]) { after.apply(generator.change(of: after)) }
        let options = options(preset, &generator.random)
        let difference = MeshDifference(from: DifferenceSide(before), to: DifferenceSide(after), options: options)
        var bruteForce = DifferenceBruteForce(before, after, options: options)
        var isDifferent = Set(before.workloads.keys) != Set(after.workloads.keys)
        for clients in bruteForce.clients {
            for address in bruteForce.addresses {
                let forms = address.family == .v4 ? [address, address.mapped] : [address]
                for asked in forms.flatMap({ form in
                    ([80, 81, 1001, 53, 7, 65535] as [UInt16]).map { SocketAddress(form, port: $0) }
                }) {
                    guard let ways = bruteForce.ways(clients, to: asked) else { continue }
                    let told = difference.destinations.filter { $0.holds(clients, asked) }
                    guard ways.before != ways.after else {
                        #expect(told.isEmpty, "seed \(seed): \(asked) from \(clients) does not change")
                        same += 1
                        continue
                    }
                    isDifferent = true
                    differing += 1
                    try #require(told.count == 1, "seed \(seed): \(asked) from \(clients) is told \(told.count) times")
                    #expect(told[0].before.shares == ways.before, "seed \(seed): \(asked) from \(clients)")
                    #expect(told[0].after.shares == ways.after, "seed \(seed): \(asked) from \(clients)")
                    #expect(!told[0].causes.isEmpty)
                }
            }
        }
        #expect(difference.isEmpty == !isDifferent, "seed \(seed)")
    }
    // The test would say nothing if nearly everything or nearly nothing changed.
    #expect(differing > 200 && same > 200, "\(differing) differ, \(same) do not")
}

@Test func aMeshDoesNotDifferFromItself() {
    forEachSeed(count: 50) { seed in
        var generator = MeshGenerator(seed: seed, serviceCount: 4, workloadCount: 8)
        let side = DifferenceSide(generator.mesh())
        for preset in Preset.allCases {
            let difference = MeshDifference(from: side, to: side, options: DataplaneOptions(preset))
            #expect(difference.isEmpty, "seed \(seed)")
        }
    }
}

@Test func aGeneratorCanBeMadeForEveryDraw() {
    let draws: [UInt32] = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, .max]
    for draw in draws + (0..<1000).map({ (number: UInt32) in number &* 0x9E37_79B9 }) {
        var generator = SplitMix64(drawing: draw)
        #expect(generator.draw() == draw)
    }
}

@Test func sharesAreExactAndHaveRoom() {
    #expect(Share(2, of: 6) == Share(1, of: 3))
    #expect(Share(1, of: 3) * Share(1, of: 4) == Share(1, of: 12))
    #expect(Share(1, of: 3) + Share(1, of: 6) == Share(1, of: 2))
    #expect(Share(0, of: 7) == .none && Share(7, of: 7) == .whole)
    #expect(Share(1, of: 3) < Share(1, of: 2))
    #expect("\(Share(1, of: 3)) \(Share.whole) \(Share.none)" == "1/3 1 0")
    // Beyond 64 bits the fraction is rounded, and still a part of the whole.
    let tiny = (0..<40).reduce(Share.whole) { share, _ in share * Share(9, of: 10) }
    #expect(tiny > Share(1, of: 100) && tiny < Share(2, of: 100))
    #expect(Share(1, of: UInt64.max) * Share(1, of: UInt64.max) == .none)
    let half = Share(UInt64.max / 2, of: UInt64.max)
    #expect(half + half <= .whole)
}

/// Near endpoints of the other family are stepped over, whatever is drawn, and do not count for the shares.
@Test func sharesOfAFailoverAreExact() throws {
    var mesh = Mesh()
    let name = ServiceName(namespace: "ns", hostname: "s")
    let zones = ["z1", "z1", "z1", "z2", "z2", "z3", "z3", "z3", "z3"]
    mesh.apply(.setNode(Node("n", locality: Locality(region: "r", zone: "z1"))))
    mesh.apply(
        .setService(
            Service(
                name, addresses: [NetworkAddress(.v4(0x0A60_0001))], ports: [ServicePort(80, to: 8080)],
                loadBalancing: LoadBalancing(.failover, preferring: [.region, .zone]))))
    for (index, zone) in zones.enumerated() {
        var workload = Workload(WorkloadUID("p\(index)"), name: "p\(index)", namespace: "ns", node: "n")
        workload.locality = Locality(region: index < 5 ? "r" : "far", zone: zone)
        // Nobody near can be reached over IPv4 but the second; of the next ones none.
        let isV4 = index == 1 || index == 5 || index == 6
        workload.addresses = [isV4 ? .v4(0x0A00_0001 + UInt32(index)) : .v6(high: 0xfd00 << 48, low: UInt64(index + 1))]
        workload.services[name] = []
        mesh.apply(.setWorkload(workload))
    }
    var changed = mesh
    changed.apply(.removeWorkload(WorkloadUID("p1")))
    let difference = MeshDifference(
        from: DifferenceSide(mesh), to: DifferenceSide(changed), options: DataplaneOptions(.hardened))
    let change = try #require(difference.destinations.first)
    func end(_ index: UInt32) -> Way {
        Way(.elsewhere(SocketAddress(.v4(0x0A00_0001 + index), port: 8080), WorkloadUID("p\(index)")))
    }
    #expect(change.before.shares == [end(1): .whole])
    // The far ones in slots of four, of which two are stepped over to the next.
    #expect(change.after.shares.keys.sorted() == [end(5), end(6)])
    #expect(change.after.entries.reduce(.none) { $0 + $1.share } == .whole)
    #expect(change.after.entries.allSatisfy { [1, 2, 3].contains($0.share.numerator) && $0.share.denominator <= 4 })
}

/// A service at port 53 with one pod, or with another.
private func dnsMesh(pod: UInt32) -> Mesh {
    var mesh = Mesh()
    let name = ServiceName(namespace: "ns", hostname: "dns")
    mesh.apply(
        .setService(
            Service(name, addresses: [NetworkAddress(.v4(0x0A60_0001))], ports: [ServicePort(53), ServicePort(80)])))
    for index in 1...2 as ClosedRange<UInt32> {
        var workload = Workload(WorkloadUID("p\(index)"), name: "p\(index)", namespace: "ns", node: "n")
        workload.addresses = [.v4(0x0A00_0000 + index)]
        if index == pod { workload.services[name] = [] }
        mesh.apply(.setWorkload(workload))
    }
    return mesh
}

@Test func port53IsToldForMappedSocketsAlone() {
    let difference = MeshDifference(
        from: DifferenceSide(dnsMesh(pod: 1)), to: DifferenceSide(dnsMesh(pod: 2)),
        options: DataplaneOptions(.hardened))
    #expect(difference.destinations.map(\.ports) == [.only([80]), .only([53])])
    #expect(difference.destinations.map(\.socket) == [.any, .mapped])
    #expect(difference.destinations.allSatisfy { $0.clients == .all })
}

@Test func onlyClientsOfANodeAreAsked() throws {
    var generator = MeshGenerator(seed: 5)
    let before = generator.mesh()
    var after = before
    after.apply(generator.change(of: after))
    let sides = (DifferenceSide(before), DifferenceSide(after))
    let options = DataplaneOptions(.hardened)
    let one = MeshDifference(from: sides.0, to: sides.1, options: options, onlyNode: MeshGenerator.node)
    for change in one.destinations {
        guard case .some(let nodes, _) = change.clients else { continue }
        #expect(nodes == [MeshGenerator.node])
    }
}
