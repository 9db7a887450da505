import KernelTestSupport
import Live
import Model
import TestSupport
import Testing

/// While the maps in the kernel change, connects by real sockets get answers of the old or the new mesh.
@Suite(.serialized, needsKernel) struct HitlessTests {
    @Test(arguments: [1, 2] as [UInt64])
    func randomChangesGiveOldOrNewAnswers(_ seed: UInt64) throws {
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
        while changeCount < 150 {
            let step = MeshStep(mesh, generator.change(of: mesh))
            if step.isBeyondGuarantee(scene.options, waypoint: waypoint) { continue }
            scene.ask(about: step.changed)
            var writes: [MapWrite] = []
            _ = compiler.compile(step.change, into: &writes)
            mesh = step.changed
            guard !writes.isEmpty else { continue }
            counts += try scene.apply(writes)
            changeCount += 1
        }
        let time = ContinuousClock.now - start
        let result = try scene.judge()
        print("\(changeCount) changes (\(counts.text)) in \(time), \(result.text)")
        #expect(result.wrong.isEmpty, "\(result.wrong.prefix(5).joined(separator: "\n"))")
        #expect(result.servedCount > 500)
    }
}

extension FireScene.Result {
    /// For people.
    var text: String {
        "\(shotCount) connects, \(overlapCount) of them during writes, \(servedCount) of these to what was always served; "
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
