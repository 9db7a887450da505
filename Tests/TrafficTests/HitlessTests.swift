import KernelTestSupport
import Live
import Model
import TestSupport
import Testing

/// While the maps in the kernel change, connects by real sockets get answers of the old or the new mesh.
@Suite(.serialized, needsKernel) struct HitlessTests {
    @Test func randomChangesGiveOldOrNewAnswers() throws {
        let seed: UInt64 = 1
        var scene = try FireScene(.hardened)
        var generator = MeshGenerator(seed: seed, serviceCount: 4, workloadCount: 8)
        let waypoint = generator.serviceName(3)
        var mesh = generator.mesh()
        var compiler = Compiler(node: MeshGenerator.node, options: scene.options)
        try scene.apply(compiler.compile(Mesh().changes(to: mesh)).writes)
        scene.ask(about: mesh)
        scene.fire.start()
        try waitUntil("the first connects") { scene.fire.count > 0 }
        var counts = MapWriteCounts()
        var changeCount = 0
        let start = ContinuousClock.now
        while changeCount < 120 {
            let step = MeshStep(mesh, generator.change(of: mesh))
            if step.isBeyondGuarantee(scene.options, waypoint: waypoint) { continue }
            scene.ask(about: step.changed)
            var writes: [MapWrite] = []
            _ = compiler.compile(step.change, into: &writes)
            mesh = step.changed
            guard !writes.isEmpty else { continue }
            counts += try scene.apply(writes, isSlow: changeCount.isMultiple(of: 2))
            changeCount += 1
        }
        let time = ContinuousClock.now - start
        let result = try scene.judge()
        print("\(changeCount) changes (\(counts.text)) in \(time), \(result.text)")
        #expect(result.wrong.isEmpty, "\(result.wrong.prefix(5).joined(separator: "\n"))")
        #expect(result.servedCount > 100 && result.betweenCount > 0)
    }

    /// Services that always have an endpoint: endpoints come and go, move, and get waypoints of their own; ports and
    /// policies change. No lookup may end for want of anything.
    @Test(arguments: Preset.allCases)
    func whatAlwaysHasAnEndpointIsAlwaysServed(_ preset: Preset) throws {
        var scene = try FireScene(preset)
        var living = LivingMesh(seed: 7)
        var compiler = Compiler(node: MeshGenerator.node, options: scene.options)
        try scene.apply(compiler.compile(Mesh().changes(to: living.mesh)).writes)
        scene.ask(about: living.servicesOnly, ports: [80])
        scene.fire.start()
        try waitUntil("the first connects") { scene.fire.count > 0 }
        var counts = MapWriteCounts()
        for number in 0..<80 {
            var writes: [MapWrite] = []
            #expect(compiler.compile(living.nextChange(), into: &writes) == nil)
            if !writes.isEmpty { counts += try scene.apply(writes, isSlow: number.isMultiple(of: 2)) }
        }
        let result = try scene.judge()
        print("always served, \(preset): \(counts.text), \(result.text)")
        #expect(result.wrong.isEmpty, "\(result.wrong.prefix(5).joined(separator: "\n"))")
        #expect(result.servedCount == result.overlapCount && result.betweenCount > 0)
        for reason in Reason.allCases where reason != .loadBalanced && reason != .activeEstablished {
            let count = try scene.observer.count([.connect4, .connect6], reason)
            #expect(count == 0, "\(reason)")
        }
        #expect(try scene.observer.count([.connect4, .connect6], .loadBalanced) == result.shotCount)
    }

    /// A restart with another mesh: everything that differs changes at once.
    @Test func reconciliationsGiveOldOrNewAnswers() throws {
        var scene = try FireScene(.hardened)
        var generator = MeshGenerator(seed: 3, serviceCount: 6, workloadCount: 12)
        var compiler = Compiler(node: MeshGenerator.node, options: scene.options)
        var mesh = generator.mesh()
        try scene.apply(compiler.compile(Mesh().changes(to: mesh)).writes)
        scene.ask(about: mesh)
        scene.fire.start()
        try waitUntil("the first connects") { scene.fire.count > 0 }
        var counts = MapWriteCounts()
        var planCount = 0
        while planCount < 20 {
            mesh = generator.mesh()
            var fresh = Compiler(node: MeshGenerator.node, options: scene.options, names: compiler.names)
            var desired = MapStore(capacities: scene.options.capacities)
            for write in fresh.compile(Mesh().changes(to: mesh)).writes { try desired.apply(write) }
            let plan = try Reconciliation(from: scene.content, to: desired, names: fresh.names)
            guard plan.isHitless, !plan.isEmpty else { continue }
            scene.ask(about: mesh)
            counts += try scene.apply(plan.writes, isSlow: planCount.isMultiple(of: 2))
            compiler = fresh
            planCount += 1
        }
        // The kernel's maps are what was desired.
        let difference = try Reconciliation(from: try scene.dataplane.maps.snapshot(), to: scene.content)
        #expect(difference.isEmpty)
        let result = try scene.judge()
        print("\(planCount) reconciliations (\(counts.text)), \(result.text)")
        #expect(result.wrong.isEmpty, "\(result.wrong.prefix(5).joined(separator: "\n"))")
        #expect(result.overlapCount > 500 && result.betweenCount > 0)
    }
}

extension FireScene.Result {
    /// For people.
    var text: String {
        "\(shotCount) connects, \(overlapCount) of them during changes, \(betweenCount) of these between writes, "
            + "\(servedCount) to what was always served; "
            + "\(wrong.count) wrong"
    }
}

extension MapWriteCounts {
    /// For people.
    var text: String { "\(puts) puts, \(deletes) deletes, \(barriers) barriers" }

    static func += (sum: inout MapWriteCounts, new: MapWriteCounts) {
        sum.puts += new.puts
        sum.deletes += new.deletes
        sum.barriers += new.barriers
    }
}
