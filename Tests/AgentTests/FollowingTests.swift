import Foundation
import KernelTestSupport
import Testing

/// The agent's main job, by real connects.
@Suite(.enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct FollowingTests {
    @Test func connectsFollowTheFiles() throws {
        var node = try TestNode(["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other])
        try node.start()
        #expect(try node.landings("10.96.0.1:80") == ["10.96.0.1:80"], "nobody is managed yet")
        try node.manage()
        #expect(try node.landings("10.96.0.1:80") == ["10.0.0.1:8080"])
        #expect(try node.landings("10.96.0.2:80") == ["10.0.9.1:8080"])

        try node.write("web.yaml", Manifests.web("10.0.0.1", "10.0.0.2"))
        try node.expect("10.96.0.1:80", "10.0.0.1:8080", "10.0.0.2:8080")
        try node.write("web.yaml", Manifests.web("10.0.0.2"))
        try node.expect("10.96.0.1:80", "10.0.0.2:8080")
        try node.write("web.yaml", Manifests.web("10.0.0.2", port: 81, target: 8081))
        try node.expect("10.96.0.1:81", "10.0.0.2:8081")
        #expect(try node.landings("10.96.0.1:80") == ["error 111"], "a port that is not listed")
        #expect(try node.landings("10.96.0.2:80") == ["10.0.9.1:8080"])

        try node.write(
            "slice.json.yaml", Manifests.service("slice", "10.96.0.3", slice: ["10.0.3.1", "10.0.3.2"]))
        try node.expect("10.96.0.3:80", "10.0.3.1:8080", "10.0.3.2:8080")
        try node.remove("slice.json.yaml")
        try node.expect("10.96.0.3:80", "10.96.0.3:80")
        #expect(try node.landings("10.96.0.2:80") == ["10.0.9.1:8080"])
        #expect(node.endAgent(SIGTERM) == 0)
    }

    @Test func aBadFileChangesNothing() throws {
        var node = try TestNode(
            ["web.yaml": Manifests.web("10.0.0.1"), "other.yaml": Manifests.other], "--metrics", "127.0.0.1:0")
        try node.start(until: "metrics")
        try node.manage()
        try node.write("web.yaml", "kind: [")
        try node.waitForLog("web.yaml:2:1: not valid YAML")
        #expect(node.log.contains("bad file; what it said before stays"))
        #expect(try node.landings("10.96.0.1:80") == ["10.0.0.1:8080"])
        try node.expectMetric("kmesh_input_bad_files", 1)
        // The other file's resource, again: to be told by the place of the first.
        try node.write("web.yaml", Manifests.web("10.0.0.7") + Manifests.other)
        try node.waitForLog("is there twice; first in \(node.meshDirectory)/other.yaml on line 2")
        #expect(try node.landings("10.96.0.1:80") == ["10.0.0.1:8080"])
        try node.expectMetric("kmesh_input_bad_files", 1)
        try node.write("web.yaml", Manifests.web("10.0.0.8"))
        try node.expect("10.96.0.1:80", "10.0.0.8:8080")
        try node.expectMetric("kmesh_input_bad_files", 0)
    }

    @Test func aVolumeOfAConfigMapIsSwapped() throws {
        var node = try TestNode([:])
        let files = FileManager.default
        func publish(_ number: Int, _ text: String) throws {
            let volume = "\(node.meshDirectory)/..\(number)"
            try files.createDirectory(atPath: volume, withIntermediateDirectories: false)
            try text.write(toFile: "\(volume)/mesh.yaml", atomically: false, encoding: .utf8)
            try files.createSymbolicLink(
                atPath: "\(node.meshDirectory)/..data_tmp", withDestinationPath: "..\(number)")
            // rename(2) reads both paths up to their ends, which Swift provides.
            #expect(unsafe rename("\(node.meshDirectory)/..data_tmp", "\(node.meshDirectory)/..data") == 0)
        }
        try publish(1, Manifests.web("10.0.0.1"))
        try files.createSymbolicLink(
            atPath: "\(node.meshDirectory)/mesh.yaml", withDestinationPath: "..data/mesh.yaml")
        try node.start()
        try node.manage()
        #expect(try node.landings("10.96.0.1:80") == ["10.0.0.1:8080"])
        try publish(2, Manifests.web("10.0.0.2"))
        try node.expect("10.96.0.1:80", "10.0.0.2:8080")
    }
}
