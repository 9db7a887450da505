import Model
import Sim
import TestSupport
import Testing

/// While the writes of one change pass, every lookup gets an answer that the maps before or after the change can give.
@Suite struct ConsistencyTests {
    @Test(arguments: Preset.allCases)
    func answersDuringAnyChangeOfASmallMeshAreOldOrNew(_ preset: Preset) throws {
        var explorer = ConsistencyExplorer()
        try forEachSeed(count: 5000) { seed in
            var generator = MeshGenerator(seed: seed)
            let mesh = generator.mesh()
            var scene = try ConsistencyScene(mesh, generator.change(of: mesh), preset)
            if scene.isExcluded(waypoint: generator.serviceName(2)) { return }
            // Port 82 is listed nowhere.
            let found = try explorer.inconsistency(of: &scene, ports: [80, 81, 82])
            #expect(found == nil, "seed \(seed): \(scene.change)\n\(found?.description ?? "")")
        }
        #expect(explorer.cutCount == 0)
    }

    @Test(arguments: Preset.allCases)
    func answersDuringAnyChangeOfALargeMeshAreOldOrNew(_ preset: Preset) throws {
        var explorer = ConsistencyExplorer()
        try forEachSeed(count: 150) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 12, workloadCount: 40)
            let node = try ConsistencyScene.Node(generator.mesh(), preset)
            for _ in 0..<4 {
                var scene = ConsistencyScene(node, generator.change(of: node.mesh))
                if scene.isExcluded(waypoint: generator.serviceName(11)) { continue }
                let all = scene.questions([80, 81])
                let questions = (0..<30).map { _ in generator.random.one(of: all) }
                let (writes, options) = (scene.writes, scene.options)
                let found = try scene.apply {
                    try explorer.drawnInconsistency(
                        of: writes, on: &$0, options: options, asking: questions, samples: 6, seed: seed)
                }
                #expect(found == nil, "seed \(seed): \(scene.change)\n\(found?.description ?? "")")
            }
        }
    }

    /// Every pair of balancing, ports and waypoint of one service, before endpoints of all kinds.
    @Test(arguments: Preset.allCases)
    func answersDuringEveryChangeOfAServiceAreOldOrNew(_ preset: Preset) throws {
        let generator = MeshGenerator(seed: 0)
        let base = Mesh.surroundings
        var services: [Service] = []
        for balancing in MeshGenerator.balancing[..<7] {
            for ports in [0, 6].map({ MeshGenerator.portLists[$0] }) {
                for waypoint in [nil, Gateway(.service(generator.serviceName(2)), port: 80)] {
                    var service = Service(generator.serviceName(0), ports: ports, waypoint: waypoint)
                    service.addresses = AddressFamily.allCases.map { NetworkAddress(MeshGenerator.virtualIP(0, $0)) }
                    service.loadBalancing = balancing
                    services.append(service)
                }
            }
        }
        try check(services.map { .setService($0) }, in: base, preset)
    }

    /// Every pair of addresses, locality, health, waypoint and membership of one workload, beside others.
    @Test(arguments: Preset.allCases)
    func answersDuringEveryChangeOfAWorkloadAreOldOrNew(_ preset: Preset) throws {
        let generator = MeshGenerator(seed: 0)
        var base = Mesh.surroundings
        var service = Service(generator.serviceName(0), ports: [ServicePort(80, to: 8080)])
        service.addresses = AddressFamily.allCases.map { NetworkAddress(MeshGenerator.virtualIP(0, $0)) }
        service.loadBalancing = LoadBalancing(.failover, preferring: [.region, .zone])
        base.apply(.setService(service))
        let (v4, v6) = (MeshGenerator.podAddress(0, .v4), MeshGenerator.podAddress(0, .v6))
        var workloads: [Workload] = []
        let states: [(Health, Gateway?, isMember: Bool)] = [
            (.healthy, nil, true), (.unhealthy, nil, true),
            (.healthy, Gateway(.service(generator.serviceName(2)), port: 80), true), (.healthy, nil, false),
        ]
        for addresses in [[v4], [v6], [v4, v6]] {
            for locality in MeshGenerator.localities {
                for (health, waypoint, isMember) in states {
                    var workload = Workload(
                        generator.workloadUID(0), name: "p0", namespace: "ns", addresses: addresses, cluster: "c",
                        locality: locality, health: health, waypoint: waypoint)
                    if isMember { workload.services[service.name] = [] }
                    workloads.append(workload)
                }
            }
        }
        try check(workloads.map { .setWorkload($0) }, in: base, preset)
    }

    /// Every step from one to another of these changes.
    private func check(_ changes: [MeshChange], in base: Mesh, _ preset: Preset) throws {
        var explorer = ConsistencyExplorer()
        for (number, first) in changes.enumerated() {
            var mesh = base
            mesh.apply(first)
            let node = try ConsistencyScene.Node(mesh, preset)
            for second in changes {
                var scene = ConsistencyScene(node, second)
                let found = try explorer.inconsistency(of: &scene, ports: [80])
                #expect(found == nil, "from \(number) to \(second)\n\(found?.description ?? "")")
            }
        }
        #expect(explorer.cutCount == 0)
    }
}
