import Foundation
import Glibc
import KernelTestSupport
import Model
import Testing
import TestSupport

/// What is in force must not be felt to change hands.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct RestartTests {
    /// Any of these may be where a connect ends, and nothing else.
    private static func isAllowed(_ end: SocketAddress) -> Bool {
        end.port == 8080 && ["10.0.0.", "10.0.9.1"].contains { "\(end.address)".hasPrefix($0) }
    }

    /// Waits until the traffic has made so many connects.
    private func wait(for traffic: Traffic, connects count: Int) throws {
        try eventually("\(count) connects") { traffic.totals.connects >= count }
    }

    private func traffic(_ node: borrowing TestNode, _ destinations: String...) throws -> Traffic {
        let traffic = try Traffic(
            inCgroup: node.cgroup.directory, to: destinations.compactMap { SocketAddress($0) })
        let done = try node.tool("manage", "--netns", traffic.namespacePath, "--pod", "shop/traffic")
        #expect(done.code == 0, "\(done.errors)")
        return traffic
    }

    private func check(_ totals: Traffic.Totals, atLeast count: Int) {
        #expect(totals.connects >= count)
        #expect(totals.failures.isEmpty, "by error: \(totals.failures) of \(totals.connects)")
        let wrong = totals.ends.keys.filter { !Self.isAllowed($0) }
        #expect(wrong.isEmpty, "\(wrong) of \(totals.connects)")
    }

    @Test(arguments: ["hardened", "upstream"])
    func nobodyFeelsAnAgentThatIsKilled(preset: String) throws {
        var rng = SplitMix64(seed: 4711)
        var node = try TestNode(
            ["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other], "--preset", preset)
        try node.start()
        let traffic = try traffic(node, "10.96.0.1:80", "10.96.0.2:80")
        traffic.begin()
        for run in 0..<24 {
            // Changes while it runs, while it is down, and while it starts.
            for step in 0..<3 {
                let addresses = (1...(1 + rng.below(6))).map { "10.0.0.\($0 + rng.below(3))" }
                try node.write("web.yaml", Manifests.web(Set(addresses).sorted()))
                usleep(UInt32(rng.below(20_000)))
                if step == 0 { #expect(node.endAgent(run % 4 == 3 ? SIGTERM : SIGKILL) == (run % 4 == 3 ? 0 : 137)) }
                if step == 1 { try node.launch() }
            }
            // Every other time it is killed wherever it is.
            if run % 2 == 0 { try node.waitForLog("in force") }
        }
        try wait(for: traffic, connects: 10_000)
        try check(traffic.stop(), atLeast: 10_000)
        // And it has not lost its way.
        try node.start()
        try node.manage()
        try node.write("web.yaml", Manifests.web("10.0.0.77"))
        try node.expect("10.96.0.1:80", "10.0.0.77:8080")
    }

    @Test func aRestartWithoutChangesWritesNothing() throws {
        var node = try TestNode(
            ["web.yaml": Manifests.web("10.0.0.1", "10.0.0.2"), "other.yaml": Manifests.other],
            "--metrics", "127.0.0.1:0")
        try node.start()
        #expect(node.log.contains("maps written"))
        for signal in [SIGKILL, SIGTERM] {
            node.endAgent(signal)
            let plan = try node.finished(["--dry-run"])
            #expect(plan.code == 0)
            #expect(plan.output.contains("nothing to do: the maps are as the mesh wants them"), "\(plan.output)")
            try node.start(until: "metrics")
            #expect(!node.log.contains("maps written"), "\(node.log)")
            try node.expectMetric("kmesh_map_writes_total", 0)
        }
        try node.write("web.yaml", Manifests.web("10.0.0.1"))
        try node.waitForLog("mesh changed")
        try eventually("a write in the metrics") { try node.metric("kmesh_map_writes_total") ?? 0 > 0 }
    }

    // MARK: Upgrades

    @Test func anOlderBuildIsReplacedUnderTraffic() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other])
        try node.start()
        let traffic = try traffic(node, "10.96.0.1:80", "10.96.0.2:80")
        traffic.begin()
        try wait(for: traffic, connects: 200)
        // Without maps of ours, and with them but other settings of the programs.
        for (round, options) in [[], ["--preset", "upstream"], ["--periodic-reports"], []].enumerated() {
            node.endAgent()
            let names = ["km_service_port", "km_event", "km_reason_count", "km_variables", "km_backend_alt"]
            if round != 2 {
                for name in names { try FileManager.default.removeItem(atPath: "\(node.pinDirectory)/\(name)") }
            }
            try node.write("web.yaml", Manifests.web("10.0.0.\(round + 2)"))
            try node.start(options)
            let pinned = try FileManager.default.contentsOfDirectory(atPath: node.pinDirectory)
            for name in names { #expect(pinned.contains(name)) }
            #expect(pinned.contains("link_km_skb_ingress") == (options == ["--periodic-reports"]))
            #expect(!pinned.contains { $0.hasSuffix("_new") })
            try wait(for: traffic, connects: traffic.totals.connects + 500)
        }
        try check(traffic.stop(), atLeast: 2000)
    }

    @Test func aMapOfAnotherLayoutIsRefused() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other])
        try node.start()
        let traffic = try traffic(node, "10.96.0.1:80")
        traffic.begin()
        node.endAgent()
        let pin = "\(node.pinDirectory)/km_service"
        try FileManager.default.removeItem(atPath: pin)
        let made = try node.driver.run(
            [
                "bpftool", "map", "create", pin, "type", "hash", "key", "4", "value", "136", "entries", "16",
                "name", "km_service",
            ], in: .original)
        #expect(made.code == 0, "\(String(decoding: made.errors, as: UTF8.self))")
        let refused = try node.finished()
        #expect(refused.code == 1)
        #expect(refused.errors.contains("\(pin) cannot be used as km_service: its values have 136 bytes, not 132"))
        try wait(for: traffic, connects: traffic.totals.connects + 300)
        try check(traffic.stop(), atLeast: 300)
    }

    /// An agent was killed between pinning new maps and letting the programs look into them.
    @Test func mapsThatWereHalfReplacedAreMadeAnew() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1", "10.0.0.2"), "other.yaml": Manifests.other])
        try node.start()
        let traffic = try traffic(node, "10.96.0.1:80", "10.96.0.2:80")
        traffic.begin()
        node.endAgent()
        let pin = "\(node.pinDirectory)/km_service"
        let shown = try node.driver.run(["bpftool", "-j", "map", "show", "pinned", pin], in: .original)
        let text = String(decoding: shown.output, as: UTF8.self)
        let flags = try #require(text.firstMatch(of: /"flags":(\d+)/), "\(text)").1
        try FileManager.default.removeItem(atPath: pin)
        let made = try node.driver.run(
            [
                "bpftool", "map", "create", pin, "type", "hash", "key", "4", "value", "132", "entries", "1024", "name",
                "km_service", "flags", "\(flags)",
            ], in: .original)
        #expect(made.code == 0, "\(String(decoding: made.errors, as: UTF8.self))")
        try node.write("web.yaml", Manifests.web("10.0.0.3"))
        try node.start()
        #expect(node.log.contains("an earlier change of maps was cut short: new ones are made"), "\(node.log)")
        try wait(for: traffic, connects: traffic.totals.connects + 300)
        try check(traffic.stop(), atLeast: 300)
        try node.manage()
        #expect(try node.landings("10.96.0.1:80") == ["10.0.0.3:8080"])
        try node.start()
        #expect(!node.log.contains("cut short") && !node.log.contains("maps written"), "\(node.log)")
    }

    // MARK: Growth

    @Test func aMeshThatOutgrowsItsMapsGetsLargerOnes() throws {
        var node = try TestNode(
            ["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other], "--metrics", "127.0.0.1:0")
        try node.start(until: "metrics")
        try node.expectMetric("kmesh_map_capacity_entries{map=\"km_frontend\"}", 1024)
        let traffic = try traffic(node, "10.96.0.1:80", "10.96.0.2:80")
        traffic.begin()
        try wait(for: traffic, connects: 200)
        let many = (0..<1300).map { Manifests.pod("many-\($0)", "10.1.\($0 / 250).\($0 % 250 + 1)", app: "many") }
        try node.write("many.yaml", Manifests.service("many", "10.96.0.9") + many.joined())
        try node.waitForLog("in force", count: 2)
        try node.expectMetric("kmesh_map_capacity_entries{map=\"km_frontend\"}", 4096)
        try wait(for: traffic, connects: traffic.totals.connects + 500)
        try node.manage()
        #expect(try node.landings("10.96.0.9:80", count: 100).allSatisfy { $0.hasPrefix("10.1.") })
        // Killed in the middle of the next one.
        try node.write(
            "more.yaml",
            (0..<3000).map {
                Manifests.pod("more-\($0)", "10.2.\($0 / 250).\($0 % 250 + 1)", app: "more")
            }.joined())
        try node.waitForLog("larger ones are made", count: 2)
        usleep(30_000)
        node.endAgent()
        try wait(for: traffic, connects: traffic.totals.connects + 300)
        try node.start()
        try node.write("web.yaml", Manifests.web("10.0.0.5"))
        try node.expect("10.96.0.1:80", "10.0.0.5:8080")
        try check(traffic.stop(), atLeast: 1500)
        #expect(try node.finished(["--dry-run"]).output.contains("nothing to do"))
    }
}
