import Model
import TestSupport
import Testing

/// A minimal mesh and the one finding that it gives.
struct SoundnessRow: CustomTestStringConvertible, Sendable {
    let expected: Finding
    let room: Room
    let input: Mesh

    init(
        _ rule: SoundnessRule, _ severity: Severity, _ subject: String, _ message: String, upstream: String,
        hardened: String, failsOpen: Set<Preset>, room: Room = .preset, in mesh: Mesh
    ) {
        expected = Finding(
            rule: rule, severity: severity, subject: subject, message: message,
            consequence: [.upstream: upstream, .hardened: hardened], failsOpen: failsOpen)
        self.room = room
        input = mesh
    }

    var testDescription: String { expected.rule.rawValue }
}

@Suite struct SoundnessTests {
    @Test func everyRuleHasOneRow() {
        #expect(SoundnessRow.all.map(\.expected.rule) == SoundnessRule.allCases.filter { !$0.isAboutVerdicts })
    }

    @Test(arguments: SoundnessRow.all)
    func aRuleFindsItsMeshAlone(_ row: SoundnessRow) {
        #expect(SoundnessRow.check(room: row.room).findings(in: row.input) == [row.expected])
    }

    @Test func aSoundMeshGivesNothing() {
        let sound = SoundnessRow.mesh(
            nodes: [SoundnessRow.node("n", ["192.0.2.1"], prefixes: ["10.1.0.0/24"], zone: "a")],
            services: [
                SoundnessRow.service("a", waypoint: Gateway(.service(SoundnessRow.name("w")))),
                SoundnessRow.service("w", ["10.0.0.2"]), SoundnessRow.service("headless", []),
            ],
            workloads: [
                SoundnessRow.pod("p", of: ["a"], node: "n", zone: "a", policies: ["deny"]),
                SoundnessRow.pod("q", ["10.1.0.2"], of: ["w", "headless"], node: "n", zone: "a"),
            ],
            policies: [SoundnessRow.policy("deny", .deny)])
        #expect(Soundness().findings(in: sound).isEmpty)
        #expect(Soundness().findings(in: Mesh()).isEmpty)
    }

    /// Each mesh is built anew in another order, and with hash tables of another size.
    @Test func theOrderOfInsertionDoesNotMatter() {
        var rules: Set<SoundnessRule> = []
        forEachSeed(count: 60) { seed in
            var generator = MeshGenerator(seed: seed, serviceCount: 6, workloadCount: 12)
            let mesh = generator.mesh()
            var changes = Mesh().changes(to: mesh)
            let findings = Soundness().findings(in: mesh)
            rules.formUnion(findings.map(\.rule))
            for _ in 0..<3 {
                for index in changes.indices.reversed() {
                    changes.swapAt(index, Int(generator.random.next() % UInt64(index + 1)))
                }
                var shuffled = Mesh()
                shuffled.workloads.reserveCapacity(Int(generator.random.next() % 512))
                shuffled.services.reserveCapacity(Int(generator.random.next() % 512))
                for change in changes { shuffled.apply(change) }
                #expect(Soundness().findings(in: shuffled) == findings, "seed \(seed)")
            }
        }
        #expect(rules.count >= 10, "the meshes that are drawn have little to find: \(rules)")
    }

    // MARK: Waypoint chains through workloads

    private func cycles(_ mesh: Mesh) -> [String] {
        Soundness().findings(in: mesh).filter { $0.rule == .waypointCycle }.map { "\($0.subject): \($0.message)" }
    }

    @Test func aWorkloadThatIsItsOwnWaypointIsACycle() {
        let mesh = SoundnessRow.mesh(workloads: [SoundnessRow.pod("p", waypoint: SoundnessRow.to("10.1.0.1:15008"))])
        let uid = "c//Pod/default/p"
        #expect(cycles(mesh) == ["workload \(uid): its waypoint leads back to it: \(uid) → \(uid)"])
    }

    @Test func aCycleLeadsThroughAServiceAndAWorkload() {
        let mesh = SoundnessRow.mesh(
            services: [SoundnessRow.service("a", waypoint: SoundnessRow.to("10.1.0.1:15008"))],
            workloads: [SoundnessRow.pod("p", waypoint: SoundnessRow.to("10.0.0.1:15008"))])
        let path = "default/a → c//Pod/default/p → default/a"
        #expect(cycles(mesh) == ["service default/a: its waypoint leads back to it: \(path)"])
    }

    @Test func aWaypointsPodWithThatWaypointIsACycle() {
        let waypoint = SoundnessRow.to("10.0.0.1:15008")
        let mesh = SoundnessRow.mesh(
            services: [SoundnessRow.service("w")],
            workloads: [
                SoundnessRow.pod("p", of: ["w"], waypoint: waypoint),
                SoundnessRow.pod("q", ["10.1.0.2"], of: ["w"], waypoint: waypoint),
            ])
        let path = "default/w → c//Pod/default/p → default/w"
        #expect(cycles(mesh) == ["service default/w: its waypoint leads back to it: \(path)"])
    }

    @Test func thirtyThreeWaypointsInARowAreFollowed() {
        let services = (1...33).map {
            SoundnessRow.service("s\($0)", ["10.0.0.\($0)"], waypoint: SoundnessRow.to("10.0.0.\($0 + 1):15008"))
        }
        let mesh = SoundnessRow.mesh(services: services, workloads: [SoundnessRow.pod("p", ["10.0.0.34"])])
        #expect(Soundness().findings(in: mesh).isEmpty)
    }
}
