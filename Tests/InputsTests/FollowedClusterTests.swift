import Inputs
import Model
import TestSupport
import Testing

/// The same objects, worked out from scratch.
private func reference(_ texts: [String: String]) throws -> KubernetesSnapshot {
    var cluster = KubernetesCluster(KubernetesSettings(unknownAddresses: .leftOut))
    for (file, text) in texts {
        for object in try objects(in: text, file: file) { try cluster.apply(object) }
    }
    return try cluster.snapshot()
}

/// After every step the followed mesh is what a snapshot of all objects gives, and the changes lead there in order.
@Test func stepsComeToWhatASnapshotGives() throws {
    try forEachSeed(count: 10) { seed in
        let directory = try ScratchDirectory()
        var generator = ClusterGenerator(random: SplitMix64(seed: seed))
        var texts: [String: String] = [:]
        for _ in 0..<generator.random.below(30) {
            let (name, text) = generator.object()
            texts["\(directory.path)/\(name)"] = text
            try directory.write(text, to: name)
        }
        var followed = try FollowedMesh(paths: [directory.path])
        var mesh = followed.mesh
        #expect(mesh == (try reference(texts)).mesh, "seed \(seed), at first")
        for step in 0..<60 {
            var changed: [String] = []
            for _ in 0..<(1 + generator.random.below(3)) {
                let (name, text) = generator.object()
                let file = "\(directory.path)/\(name)"
                changed.append(file)
                if generator.random.isOneIn(4) {
                    directory.remove(name)
                    texts[file] = nil
                } else {
                    try directory.write(text, to: name)
                    texts[file] = text
                }
            }
            let result = followed.reread(files: changed)
            let expected = try reference(texts)
            let place: Comment = "seed \(seed), step \(step): \(changed)"
            #expect(result.errors.isEmpty, place)
            #expect(result.changes == mesh.changes(to: expected.mesh), place)
            for change in result.changes { mesh.apply(change) }
            try #require(mesh == expected.mesh, place)
            try #require(followed.mesh == expected.mesh, place)
            try #require(followed.notes == expected.notes, place)
            try #require((followed.enrolled ?? []) == expected.enrolled, place)
        }
    }
}
