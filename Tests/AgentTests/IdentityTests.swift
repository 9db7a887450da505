import Foundation
import Glibc
import Inputs
import KernelTestSupport
import Live
import Model
import Testing
import TestSupport

/// Ids: the same in the maps and on the disk, over restarts and over the change from another daemon.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct IdentityTests {
    private static let webName = "shop/web.shop.svc.cluster.local"

    /// The ids that the maps hold.
    private func ids(in node: borrowing TestNode) throws -> Set<ResourceID> {
        let maps = try PinnedMaps(PinDirectory(node.pinDirectory)).snapshot().maps
        return Set(maps.service.sortedEntries.map(\.key.service_id) + maps.backend.sortedEntries.map(\.key.backend_uid))
    }

    /// The ids that are on the disk, by name.
    private func table(of node: borrowing TestNode) throws -> [String: ResourceID] {
        let entries = try StateView(node.stateDirectory).names().sortedEntries
        return Dictionary(entries.map { ($0.name, $0.id) }) { first, _ in first }
    }

    /// Gives a name an id that is not its hash, as a collision would.
    private func give(_ id: ResourceID, to name: String, in node: borrowing TestNode) throws {
        let state = try StateDirectory(path: node.stateDirectory)
        var store = try NameStore(in: state)
        var names = store.takeNames()
        let isNew = names.apply(.given(id, name))
        #expect(isNew)
        try store.save([.given(id, name)], of: names, in: state)
    }

    @Test func idsAreOnTheDiskBeforeTheyAreInTheMaps() throws {
        var rng = SplitMix64(seed: 99)
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other])
        try give(4711, to: Self.webName, in: node)
        try node.start()
        #expect(try table(of: node)[Self.webName] == 4711)
        #expect(try ids(in: node) == Set(table(of: node).values))
        #expect(try ids(in: node).contains(4711))
        for round in 0..<10 {
            // New names each time: a pod is named by its round.
            let pods = (0..<(1 + rng.below(40))).map {
                Manifests.pod("p-\(round)-\($0)", "10.7.\(round).\($0 + 1)", app: "web")
            }
            try node.write("pods.yaml", pods.joined())
            usleep(UInt32(rng.below(15_000)))
            node.endAgent()
            let names = try table(of: node)
            let onDisk = Set(names.values)
            // What left the mesh in this round may be in the maps still; everything that came is on the disk. A stand-in,
            // which holds a service together while much of it changes, has no name.
            let unknown = try ids(in: node).subtracting(onDisk)
            let left = (0..<40).map { NameTable.hash("Kubernetes//Pod/shop/p-\(round - 1)-\($0)") }
            let old = Set(left).union([.max])
            #expect(unknown.isSubset(of: old), "round \(round): \(unknown)")
            #expect(names[Self.webName] == 4711, "round \(round)")
            try node.start()
            // Names of what went while no agent ran stay on the disk.
            let settled = try ids(in: node)
            #expect(settled.isSubset(of: Set(try table(of: node).values)), "round \(round)")
        }
    }

    @Test func aNameKeepsItsIDWhileTheMeshShrinksAndGrows() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1", "10.0.0.2"), "other.yaml": Manifests.other])
        try node.start()
        let before = try table(of: node)
        #expect(before.count == 5)
        try node.remove("other.yaml")
        try node.waitForLog("mesh changed")
        try node.start()
        try node.write("other.yaml", Manifests.other)
        try node.waitForLog("mesh changed")
        #expect(try table(of: node) == before)
        // More names than fit into the maps at once: those that the larger maps hold are on the disk as well.
        let many = (0..<1100).map { Manifests.pod("many-\($0)", "10.1.\($0 / 250).\($0 % 250 + 1)", app: "many") }
        try node.write("many.yaml", many.joined())
        try node.waitForLog("mesh changed", count: 2)
        node.endAgent()
        let after = try table(of: node)
        #expect(after.count == 1105)
        #expect(try ids(in: node) == Set(after.values))
        for (name, id) in before { #expect(after[name] == id) }
    }

    /// What bpftool tells of a pinned map.
    private func mapID(_ path: String, _ node: inout TestNode) throws -> String {
        let shown = try node.driver.run(["bpftool", "-j", "map", "show", "pinned", path], in: .original)
        let text = String(decoding: shown.output, as: UTF8.self)
        return String(try #require(text.firstMatch(of: /"id":(\d+)/), "\(text)").1)
    }

    @Test func mapsOfAnotherDaemonAreAdopted() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other])
        try give(4711, to: Self.webName, in: node)
        try node.start(["--preset", "upstream"])
        try node.manage()
        node.endAgent()
        // From here on these are upstream's: its programs are gone, its maps are pinned, its ids are in a table.
        let foreign = node.pinDirectory
        for name in try FileManager.default.contentsOfDirectory(atPath: foreign) {
            guard name.hasPrefix("link_") || ["km_service_port", "km_backend_alt", "km_event"].contains(name) else {
                continue
            }
            try FileManager.default.removeItem(atPath: "\(foreign)/\(name)")
        }
        // The kernel lets go of a link that is pinned no more a little later.
        try node.expect("10.96.0.1:80", "10.96.0.1:80")
        let names = try node.scratch.write("4711: \(Self.webName)\n", to: "workload_hash_name.yaml")
        let (pins, state) = ("\(foreign)-ours", "\(node.scratch.path)/ours")
        func arguments(_ further: String...) -> [String] {
            node.agentArguments.map { $0 == foreign ? pins : $0 == node.stateDirectory ? state : $0 } + further + [
                "--preset", "upstream", "--adopt", foreign, "--adopt-names", names,
            ]
        }
        let plan = try run("kmesh-live", arguments("--dry-run"), directory: node.scratch.path)
        #expect(plan.output.contains("nothing to do"), "\(plan.output)\(plan.errors)")
        var agent = try AgentProcess(arguments(), files: "\(node.scratch.path)/adopting")
        try agent.waitForLog("in force")
        #expect(!agent.log.contains("maps written"), "\(agent.log)")
        for name in ["km_frontend", "km_service", "km_endpoint", "km_backend", "km_manage"] {
            #expect(try mapID("\(pins)/\(name)", &node) == mapID("\(foreign)/\(name)", &node), "\(name)")
        }
        #expect(try node.landing("10.96.0.1:80") == "10.0.0.1:8080", "the namespace is managed, as it was")
        let table = try StateView(state).names()
        #expect(table.name(of: 4711) == Self.webName)
        try node.write("web.yaml", Manifests.web("10.0.0.2"))
        try node.expect("10.96.0.1:80", "10.0.0.2:8080")
        #expect(try ids(in: node).contains(4711))
        agent.end(SIGTERM)
        let detached = try run(
            "kmesh-live", ["detach", "--pin-dir", pins, "--state-dir", state], directory: node.scratch.path)
        #expect(detached.code == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: foreign).contains("km_frontend"), "upstream's stay")
    }
}
