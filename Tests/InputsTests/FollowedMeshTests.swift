import Inputs
import Model
import TestSupport
import Testing

private func workload(_ name: String, address: String = "10.0.0.1", node: String = "n1") -> String {
    "workloads: [{uid: \(name), name: \(name), namespace: n, workloadIps: [\(address)], node: \(node)}]\n"
}

private func serviceFile(_ name: String) -> String {
    "services: [{namespace: n, hostname: \(name), ports: {80: 8080}}]\n"
}

/// What changes do, in short.
private func words(_ changes: [MeshChange]) -> [String] {
    changes.map { change in
        switch change {
        case .setNode, .setService, .setWorkload, .setPolicy: "+\(change.resourceName)"
        case .removeNode, .removeService, .removeWorkload, .removePolicy: "-\(change.resourceName)"
        }
    }
}

/// A class, because the directory is not copyable.
@Suite final class FollowedMeshTests {
    let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    private func followed(_ files: KeyValuePairs<String, String>) throws -> FollowedMesh {
        for (name, text) in files { try directory.write(text, to: name) }
        return try FollowedMesh(paths: [directory.path])
    }

    @Test func changesComeInTheOrderOfControlPlanes() throws {
        var followed = try followed(["a.yaml": workload("old", node: "n0")])
        #expect(followed.mesh.sortedWorkloads.map(\.name) == ["old"])
        try directory.write(
            serviceFile("s") + workload("new", address: "10.0.0.2") + """
                policies: [{name: p, namespace: n, scope: Global, action: Deny}]

                """, to: "a.yaml")
        let changes = try followed.reread(file: path("a.yaml"))
        #expect(
            words(changes) == ["+Node/n1", "+n/s", "+new", "+Policy/n/p", "-old", "-Node/n0"])
        #expect(followed.notes.isEmpty)
    }

    @Test func aFileMayAppearAndGo() throws {
        var followed = try followed([:])
        #expect(followed.mesh == Mesh())
        try directory.write(workload("a"), to: "a.yaml")
        #expect(try words(followed.reread(file: path("a.yaml"))) == ["+Node/n1", "+a"])
        #expect(try words(followed.reread(file: path("a.yaml"))) == [])
        directory.remove("a.yaml")
        #expect(try words(followed.reread(file: path("a.yaml"))) == ["-a", "-Node/n1"])
        #expect(followed.mesh == Mesh())
    }

    @Test func aBadFileChangesNothingAndSaysWhere() throws {
        var followed = try followed(["a.yaml": workload("a")])
        let before = followed.mesh
        try directory.write("workloads:\n- {uid: b, namespace: n, workloadIps: [10.0.0.300]}\n", to: "a.yaml")
        let error = #expect(throws: InputError.self) { try followed.reread(file: path("a.yaml")) }
        #expect(error?.position?.line == 2)
        #expect(followed.mesh == before)
        #expect(followed.refusedFiles == [path("a.yaml")])
        try directory.write(workload("b", address: "10.0.0.3"), to: "a.yaml")
        #expect(try words(followed.reread(file: path("a.yaml"))) == ["+b", "-a"])
        #expect(followed.refusedFiles.isEmpty)
    }

    @Test func aResourceInTwoFilesIsRefusedWithBothPlaces() throws {
        var followed = try followed(["a.yaml": workload("a"), "b.yaml": serviceFile("s")])
        try directory.write(workload("a", address: "10.0.0.9"), to: "b.yaml")
        let error = #expect(throws: InputError.self) { try followed.reread(file: path("b.yaml")) }
        #expect(
            error?.description
                == "\(path("b.yaml")):1:13: workload a is there twice; first in \(path("a.yaml")) on line 1")
        #expect(followed.mesh.services.count == 1)
    }

    @Test func whatGaveWayLetsTheRefusedFileIn() throws {
        var followed = try followed(["a.yaml": workload("a"), "b.yaml": serviceFile("s")])
        try directory.write(workload("a", address: "10.0.0.9"), to: "b.yaml")
        #expect(throws: InputError.self) { try followed.reread(file: path("b.yaml")) }
        directory.remove("a.yaml")
        // One step: the workload does not go in between.
        #expect(try words(followed.reread(file: path("a.yaml"))) == ["+a", "-n/s"])
        #expect(followed.refusedFiles.isEmpty)
    }

    @Test func aMoveBetweenFilesDoesNotFlap() throws {
        var followed = try followed(["a.yaml": workload("a"), "b.yaml": serviceFile("s")])
        try directory.write(serviceFile("t"), to: "a.yaml")
        try directory.write(workload("a") + serviceFile("s"), to: "b.yaml")
        let step = followed.reread(files: [path("b.yaml"), path("a.yaml")])
        #expect(words(step.changes) == ["+n/t"] && step.errors.isEmpty)
        try directory.write(serviceFile("t") + workload("a", address: "10.0.0.2"), to: "a.yaml")
        directory.remove("b.yaml")
        #expect(words(followed.reread(files: [path("a.yaml"), path("b.yaml")]).changes) == ["+a", "-n/s"])
    }

    @Test func oneBadFileOfSeveralDoesNotHoldUpTheOthers() throws {
        var followed = try followed(["a.yaml": workload("a"), "b.yaml": serviceFile("s")])
        try directory.write(serviceFile("t"), to: "a.yaml")
        try directory.write(": bad", to: "b.yaml")
        let step = followed.reread(files: [path("a.yaml"), path("b.yaml")])
        #expect(words(step.changes) == ["+n/t", "-a", "-Node/n1"])
        #expect(step.errors.map(\.file) == [path("b.yaml")])
        #expect(followed.mesh.services.count == 2)
    }

    @Test func filesThatSwapResourcesWithARefusedOneKeepTheirOld() throws {
        var followed = try followed(["a.yaml": workload("a"), "b.yaml": workload("b")])
        let before = followed.mesh
        // a.yaml takes what b.yaml gives up, but b.yaml is bad.
        try directory.write(workload("a") + "services: [{namespace: n}]", to: "b.yaml")
        try directory.write(workload("b"), to: "a.yaml")
        let step = followed.reread(files: [path("a.yaml"), path("b.yaml")])
        #expect(step.changes.isEmpty && step.errors.count == 2)
        #expect(followed.mesh == before)
    }

    @Test func aRescanFindsWhatEventsDidNotTell() throws {
        var followed = try followed(["a.yaml": workload("a"), "b.yaml": serviceFile("s"), "c.yaml": serviceFile("u")])
        directory.remove("a.yaml")
        try directory.write(serviceFile("t"), to: "b.yaml")
        try directory.write(serviceFile("v"), to: "d.yaml")
        try directory.write(serviceFile("w"), to: ".hidden.yaml")
        let step = try followed.rescan()
        #expect(words(step.changes) == ["+n/t", "+n/v", "-a", "-n/s", "-Node/n1"])
        #expect(try followed.rescan().changes.isEmpty)
    }

    @Test func otherFilesAreNotLookedAt() throws {
        var followed = try followed(["a.yaml": workload("a")])
        for name in ["x.txt", ".a.yaml.swp", ".b.yaml"] {
            try directory.write(workload("x"), to: name)
            #expect(try words(followed.reread(file: path(name))) == [])
        }
        #expect(!followed.follows("/elsewhere/a.yaml") && followed.follows(path("new.json")))
    }

    @Test func whatCannotBeFollowedIsRefused() throws {
        try directory.write("[]", to: "km_frontend.json")
        let dump = #expect(throws: InputError.self) { try FollowedMesh(paths: [directory.path]) }
        #expect(dump?.message.hasPrefix("holds dumps of maps") ?? false)
        #expect(throws: InputError.self) { try FollowedMesh(paths: ["-"]) }
        #expect(throws: InputError.self) { try FollowedMesh(paths: [path("missing.yaml")]) }
    }

    @Test func kubernetesWinsOverResourcesOfTheSameName() throws {
        let uid = "Kubernetes//Pod/default/p"
        var followed = try followed([
            "r.yaml": "workloads: [{uid: \(uid), name: p, namespace: default, workloadIps: [10.9.9.9]}]",
            "p.yaml": pod("p", address: "10.0.0.1"),
        ])
        #expect(try followed.mesh.pod("p").addresses == [.v4(0x0A00_0001)])
        directory.remove("p.yaml")
        let changes = try followed.reread(file: path("p.yaml"))
        #expect(words(changes) == ["+\(uid)", "-Node/n1"])
        #expect(try followed.mesh.pod("p").addresses == [.v4(0x0A09_0909)])
    }

    @Test func nothingIsInvented() throws {
        var followed = try followed([
            "d.yaml": deployment("web", replicas: 3), "s.yaml": service("web"),
            "p.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {}}",
            "m.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}",
        ])
        #expect(followed.mesh == Mesh())
        #expect(
            followed.notes.map(\.text) == [
                "the pods of Deployment default/web are left out: no object says their addresses",
                "1 ConfigMap object is ignored: the mesh does not use this kind",
                "pod default/p is left out: it has no address yet",
                "service default/web is left out: it has no clusterIP yet",
            ])
        try directory.write(
            service("web", spec: "clusterIP: 10.96.0.1, ports: [{port: 80}]"), to: "s.yaml")
        #expect(
            try words(followed.reread(file: path("s.yaml"))) == ["+default/web.default.svc.cluster.local"])
    }

    @Test func aPolicyTouchesOnlyTheWorkloadsThatItSelects() throws {
        func policy(_ spec: String) -> String {
            "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: a}, spec: {\(spec)}}"
        }
        let (web, db) = ("selector: {matchLabels: {app: web}}", "selector: {matchLabels: {app: db}}")
        var followed = try followed([
            "p.yaml": pod("p", address: "10.0.0.1", labels: "{app: web}"),
            "q.yaml": pod("q", address: "10.0.0.2", labels: "{app: db}"),
        ])
        func step(_ text: String, in name: String = "a.yaml") throws -> [String] {
            try directory.write(text, to: name)
            return try words(followed.reread(file: path(name)))
        }
        let (p, q) = ("+Kubernetes//Pod/default/p", "+Kubernetes//Pod/default/q")
        #expect(try step(policy(web)) == [p, "+Policy/default/a"])
        #expect(try followed.mesh.pod("p").policies == ["default/a"])
        // Other rules are nothing to the workloads.
        #expect(try step(policy("\(web), rules: [{}]")) == ["+Policy/default/a"])
        #expect(try step(policy("\(db), rules: [{}]")) == [p, q])
        #expect(try step(policy("\(db), action: AUDIT")) == [q, "-Policy/default/a"])
        #expect(try step(policy("\(web), rules: [{}]")) == [p, "+Policy/default/a"])
        #expect(try step(pod("p", address: "10.0.0.1", labels: "{app: db}"), in: "p.yaml") == [p])
        #expect(try followed.mesh.pod("p").policies.isEmpty)
        #expect(try step(policy("rules: [{}]")) == ["+Policy/default/a"])
        directory.remove("a.yaml")
        #expect(try words(followed.reread(file: path("a.yaml"))) == ["-Policy/default/a"])
    }
}
