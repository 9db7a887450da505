import Model
import Sim
import TestSupport
import Testing

/// While the writes of a reconciliation pass, every lookup gets an answer that the maps before or after it can give.
@Suite struct ReconciliationConsistencyTests {
    @Test(arguments: Preset.allCases, ReconciliationScene.Origin.allCases)
    func answersDuringReconciliationAreOldOrNew(_ preset: Preset, _ origin: ReconciliationScene.Origin) throws {
        var explorer = ConsistencyExplorer()
        var (count, hitless) = (0, 0)
        try forEachSeed(count: 600) { seed in
            var generator = MeshGenerator(seed: seed)
            let scene = try ReconciliationScene(origin, &generator, preset)
            count += 1
            guard scene.plan.isHitless else { return }
            hitless += 1
            var store = scene.actual
            let found = try explorer.inconsistency(
                of: scene.plan.writes, on: &store, options: scene.options, asking: scene.questions([80, 81]))
            #expect(found == nil, "seed \(seed)\n\(found?.description ?? "")")
        }
        print("\(preset) \(origin): \(hitless) of \(count), cut \(explorer.cutCount)")
        #expect(hitless * 10 >= count * 9)
    }

    @Test(arguments: Preset.allCases, ReconciliationScene.Origin.allCases)
    func thePlanGivesTheDesiredMapsAndThenNothing(_ preset: Preset, _ origin: ReconciliationScene.Origin) throws {
        try forEachSeed(count: 1000) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 6, workloadCount: 12)
            let scene = try ReconciliationScene(origin, &generator, preset)
            var store = scene.actual
            for write in scene.plan.writes { try store.apply(write) }
            #expect(store.reconciledBytes == scene.desired.reconciledBytes, "seed \(seed)")
            let again = try Reconciliation(from: store, to: scene.desired)
            #expect(again.isEmpty, "seed \(seed)")
        }
    }
}
