import Model
import Sim
import TestSupport
import Testing

/// A way to spoil the compiler's list that the property must notice.
enum Mutation: CaseIterable {
    case barriersDropped
    /// The writes between two barriers the other way round.
    case segmentsReversed
    /// Service values before all else of their segment.
    case servicesFirst

    func mutated(_ writes: [MapWrite]) -> [MapWrite] {
        switch self {
        case .barriersDropped: writes.filter { !$0.isBarrier }
        case .segmentsReversed:
            Array(
                writes.split(omittingEmptySubsequences: false, whereSeparator: \.isBarrier)
                    .map { Array($0.reversed()) }.joined(separator: [.barrier]))
        case .servicesFirst:
            Array(
                writes.split(omittingEmptySubsequences: false, whereSeparator: \.isBarrier)
                    .map { segment in segment.filter(\.isService) + segment.filter { !$0.isService } }
                    .joined(separator: [.barrier]))
        }
    }
}

extension MapWrite {
    fileprivate var isBarrier: Bool { if case .barrier = self { true } else { false } }
    fileprivate var isService: Bool { if case .put(.service) = self { true } else { false } }
}

@Suite struct ConsistencyMutationTests {
    @Test(arguments: Mutation.allCases)
    func aWrongOrderIsNoticed(_ mutation: Mutation) throws {
        var explorer = ConsistencyExplorer()
        var noticed = 0
        for seed in 1...UInt64(400) where noticed < 3 {
            var generator = MeshGenerator(seed: seed)
            let mesh = generator.mesh()
            let scene = try ConsistencyScene(mesh, generator.change(of: mesh), .hardened)
            var store = scene.store
            let found = try explorer.inconsistency(
                of: mutation.mutated(scene.writes), on: &store, options: scene.options,
                asking: scene.questions([80, 81]))
            if found != nil { noticed += 1 }
        }
        #expect(noticed == 3)
    }
}
