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
        try forEachSeed(count: 300) { seed in
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
        #expect(hitless * 10 >= count * 9)
    }

    @Test(arguments: Mutation.allCases)
    func aWrongOrderIsNoticed(_ mutation: Mutation) throws {
        var explorer = ConsistencyExplorer()
        var noticed = 0
        for seed in 1...UInt64(400) where noticed < 3 {
            var generator = MeshGenerator(seed: seed)
            let scene = try ReconciliationScene(.otherMesh, &generator, .hardened)
            var store = scene.actual
            let found = try explorer.inconsistency(
                of: mutation.mutated(scene.plan.writes), on: &store, options: scene.options,
                asking: scene.questions([80, 81]))
            if found != nil { noticed += 1 }
        }
        #expect(noticed == 3)
    }

    @Test(arguments: Preset.allCases, ReconciliationScene.Origin.allCases)
    func answersInLargeMeshesAreOldOrNew(_ preset: Preset, _ origin: ReconciliationScene.Origin) throws {
        var explorer = ConsistencyExplorer()
        var (count, hitless) = (0, 0)
        try forEachSeed(count: 40) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 12, workloadCount: 40)
            let scene = try ReconciliationScene(origin, &generator, preset)
            count += 1
            guard scene.plan.isHitless else { return }
            hitless += 1
            let all = scene.questions([80, 81])
            let questions = (0..<60).map { _ in generator.random.one(of: all) }
            var store = scene.actual
            let found = try explorer.drawnInconsistency(
                of: scene.plan.writes, on: &store, options: scene.options, asking: questions, samples: 6, seed: seed)
            #expect(found == nil, "seed \(seed)\n\(found?.description ?? "")")
        }
        #expect(hitless * 2 >= count)
    }

    @Test(arguments: Preset.allCases, ReconciliationScene.Origin.allCases)
    func thePlanGivesTheDesiredMapsAndThenNothing(_ preset: Preset, _ origin: ReconciliationScene.Origin) throws {
        try forEachSeed(count: 300) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 6, workloadCount: 12)
            let scene = try ReconciliationScene(origin, &generator, preset)
            var store = scene.actual
            for write in scene.plan.writes { try store.apply(write) }
            #expect(store.reconciledBytes == scene.desired.reconciledBytes, "seed \(seed)")
            let again = try Reconciliation(from: store, to: scene.desired)
            #expect(again.isEmpty, "seed \(seed)")
        }
    }

    /// Where the maps have little room beyond what is desired, the plan may lose the guarantee, not the result.
    @Test(arguments: ReconciliationScene.Origin.allCases)
    func thePlanFitsIntoMapsWithLittleRoom(_ origin: ReconciliationScene.Origin) throws {
        var (planned, exposed) = (0, 0)
        try forEachSeed(count: 300) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 6, workloadCount: 12)
            let scene = try ReconciliationScene(origin, &generator, .hardened)
            for extra in [0, 1, 3, 8] {
                let actual = try scene.actual.tightened(to: scene.desired, extra: extra)
                let plan = try Reconciliation(from: actual, to: scene.desired)
                planned += 1
                if !plan.isHitless { exposed += 1 }
                var store = actual
                for write in plan.writes { try store.apply(write) }
                #expect(store.reconciledBytes == scene.desired.reconciledBytes, "seed \(seed)")
            }
        }
        #expect(exposed * 10 > planned && exposed < planned)
    }

    /// The element of an entry that lookups can hold must not become that of a new key before a barrier.
    @Test(arguments: ReconciliationScene.Origin.allCases)
    func noMapGetsANewKeyAfterItLostAnElementThatIsRead(_ origin: ReconciliationScene.Origin) throws {
        try forEachSeed(count: 300) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 6, workloadCount: 12)
            let scene = try ReconciliationScene(origin, &generator, .hardened)
            guard scene.plan.isHitless else { return }
            var store = scene.actual
            // What lookups can have found since the last barrier.
            var found = store.ids
            var (lostFrontend, lostService, lostBackend) = (false, false, false)
            for write in scene.plan.writes {
                switch write {
                case .barrier: (lostFrontend, lostService, lostBackend, found) = (false, false, false, store.ids)
                case .put(.frontend(let key, let value)):
                    #expect(!lostFrontend || store.frontend.lookup(key) != nil, "seed \(seed)")
                    lostFrontend = lostFrontend || store.frontend.lookup(key) != nil
                    found.insert(value.upstream_id)
                case .delete(.frontend): lostFrontend = true
                case .put(.service(let key, _)):
                    let isThere = store.service.lookup(key) != nil
                    #expect(!lostService || isThere, "seed \(seed)")
                    lostService = lostService || isThere && found.contains(key.service_id)
                case .delete(.service(let key)): lostService = lostService || found.contains(key.service_id)
                case .put(.backend(let key, _)):
                    let isThere = store.backend.lookup(key) != nil
                    #expect(!lostBackend || isThere, "seed \(seed)")
                    lostBackend = lostBackend || isThere && found.contains(key.backend_uid)
                case .delete(.backend(let key)): lostBackend = lostBackend || found.contains(key.backend_uid)
                default: break
                }
                try store.apply(write)
            }
        }
    }
}
