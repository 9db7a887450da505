import Inputs
import Model
import TestSupport
import Testing

/// What a source gave, one line a piece.
private func pieces(_ path: String) throws -> [String] {
    var lines: [String] = []
    try MeshSource(path: path).read { (piece) throws(InputError) in
        switch piece {
        case .object(let node, _): lines.append("\(node["kind"]?.text ?? "?") \(node["metadata", "name"]?.text ?? "?")")
        case .change(.setWorkload(let workload), _, let position):
            lines.append("workload \(workload.uid) line \(position.line)")
        case .change(.setService(let service), _, _): lines.append("service \(service.name)")
        case .change(.setPolicy(let policy), _, _): lines.append("policy \(policy.resourceName)")
        case .change: lines.append("?")
        case .maps(let dump): lines.append("maps \(dump.entries.count)")
        }
    }
    return lines
}

private func failure(_ text: String) throws -> String {
    let directory = try ScratchDirectory()
    let file = try directory.write(text, to: "x")
    let error = try #require(throws: InputError.self) { try pieces(file) }
    return String("\(error)".dropFirst(file.utf8.count))
}

@Suite struct MeshSourceTests {
    @Test(arguments: [
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}",
            InputKind.kubernetes, ["Pod p", "Service s"]
        ),
        (
            #"{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}],"kind":"List"}"#,
            .kubernetes, ["Pod p"]
        ),
        (#"[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}]"#, .kubernetes, ["Pod p"]),
        (#"{"apiVersion":"v1","items":[],"kind":"List"}"#, .kubernetes, []),
        (#"{"apiVersion":"v1","items":null,"kind":"PodList"}"#, .kubernetes, []),
        (
            "items: &a\n- {apiVersion: v1, kind: Pod, metadata: {name: p}}\napiVersion: v1\nkind: List", .kubernetes,
            ["Pod p"]
        ),
        ("# nothing\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}", .kubernetes, ["Pod p"]),
        ("workloads:\n- {uid: u, namespace: n, workloadIps: []}\nservices: []", .ztunnel, ["workload u line 2"]),
        ("services:\n- {namespace: n, hostname: h, ports: {80: 80}}", .ztunnel, ["service n/h"]),
        ("policies:\n- {name: p, namespace: n, scope: Global, action: Deny}", .ztunnel, ["policy n/p"]),
        ("services: &a\n- {namespace: n, hostname: h, ports: {80: 80}}", .ztunnel, ["service n/h"]),
        ("workloads: []\nservices: []\npolicies: []", .ztunnel, []),
        ("version: {}\nconfig: {}\ncertificates: []\nstagedServices: {}\nworkloads: null", .ztunnel, []),
        (#"{"workloads": [{"uid": "u", "namespace": "n", "addresses": []}]}"#, .kmesh, ["workload u line 1"]),
        (
            #"{"workloads": [], "services": [{"namespace": "n", "hostname": "h", "ports": null}]}"#, .kmesh,
            ["service n/h"]
        ),
        (
            #"{"services": [{"namespace": "n", "hostname": "h", "ports": [{"service_port": 1}]}]}"#, .kmesh,
            ["service n/h"]
        ),
        (
            #"{"policies": [{"name": "p", "namespace": "n", "scope": "GLOBAL", "action": "DENY", "rules": null}]}"#,
            .kmesh, ["policy n/p"]
        ),
        (#"{"name": "p", "namespace": "n", "rules": []}"#, .workloadAPI, ["policy n/p"]),
        (
            #"[{"name": "p", "namespace": "n", "action": "DENY"}, {"name": "q", "namespace": "n", "groups": []}]"#,
            .workloadAPI, ["policy n/p", "policy n/q"]
        ),
        (
            "\"@type\": type.googleapis.com/istio.security.Authorization\nname: p\n---\nname: q\nscope: NAMESPACE",
            .workloadAPI, ["policy /p", "policy /q"]
        ),
    ])
    func aFileIsWhatItsContentSays(_ text: String, _ kind: InputKind, _ expected: [String]) throws {
        let directory = try ScratchDirectory()
        let file = try directory.write(text, to: "anything")
        #expect(try MeshSource(path: file).kind() == kind)
        #expect(try pieces(file) == expected)
    }

    @Test(arguments: [
        ("", ": is empty; understood are Kubernetes manifests (apiVersion and kind), ztunnel configurations"),
        ("# a comment\n---\n", ": is empty; understood are"),
        ("hello", ":1:1: this is nothing that a mesh can be read from; understood are"),
        ("{a: 1}", ":1:1: this is nothing"), ("[]", ":1:1: this is nothing"), ("[1]", ":1:2: this is nothing"),
        ("kind: Pod", ":1:1: this is nothing"),
        ("workloads: [", ":2:1: not valid YAML or JSON"),
        ("workloads:\n- {uid: u, namespace: n}", ":2:3: a workload has neither"),
        ("services:\n- {name: n}", ":2:3: a service has no hostname"),
        ("policies:\n- {name: n}", ":2:3: a policy has no scope"),
        ("items:\n- {kind: Pod}", ":2:3: an item has no apiVersion and kind; understood"),
        ("items:\n- {apiVersion: v1, kind: Pod}\n- {kind: Pod}", ":3:3: an item has no apiVersion and kind; list with"),
        ("workloads: {a: 1}", ":1:12: \"workloads\" must be a list"),
        (
            "workloads:\n- {uid: u, namespace: n, workloadIps: []}\nservces: []",
            ":3:1: unknown key \"servces\"; did you mean"
        ),
        (
            "workloads:\n- {uid: u, namespace: n, workloadIps: []}\n- {uid: u, namespace: n, workloadIps: []}",
            ":3:3: workload u is there twice; first on line 2"
        ),
        (
            "workloads:\n- {uid: u, namespace: n, workloadIps: []}\n---\napiVersion: v1\nkind: Pod",
            ":4:1: this document is a Kubernetes manifest, but the file began as a ztunnel configuration"
        ),
        (
            "{workload: {uid: u}}",
            ":1:1: an Address is not read in this form; give workloads and services as Kubernetes"
        ),
        (
            "\"@type\": type.googleapis.com/istio.workload.Address",
            ":1:1: type.googleapis.com/istio.workload.Address is not read"
        ),
        (
            "name: p\nscope: GLOBAL\n---\nname: p\nscope: NAMESPACE",
            ":4:1: policy /p is there twice; first on line 1"
        ),
        (
            "[{\"key\":[\"0x01\"],\"value\":[\"0x01\"]}]",
            ":1:2: this is a bpftool map dump; name each map's dump for it"
        ),
    ])
    func whatCannotBeReadIsSaidWithItsPlace(_ text: String, _ message: String) throws {
        let error = try failure(text)
        #expect(error.hasPrefix(message), "\(error)")
    }

    @Test func aDirectoryIsItsFilesByName() throws {
        let directory = try ScratchDirectory()
        try directory.write("apiVersion: v1\nkind: Pod\nmetadata: {name: second}", to: "b.yml")
        try directory.write("apiVersion: v1\nkind: Pod\nmetadata: {name: first}", to: "a.yaml")
        try directory.write("workloads:\n- {uid: u, namespace: n, workloadIps: []}", to: "c.json")
        try directory.write("not read", to: "notes.txt")
        try directory.write("not read", to: ".hidden.yaml")
        #expect(try pieces(directory.path) == ["Pod first", "Pod second", "workload u line 2"])
        let source = try MeshSource(path: directory.path)
        #expect(source.files == ["a.yaml", "b.yml", "c.json"].map { "\(directory.path)/\($0)" })
    }

    @Test func aResourceInTwoFilesIsRefused() throws {
        let directory = try ScratchDirectory()
        let first = try directory.write("services:\n- {namespace: n, hostname: h, ports: {}}", to: "a.yaml")
        try directory.write("services:\n- {namespace: n, hostname: h, ports: {}}", to: "b.yaml")
        let error = try #require(throws: InputError.self) { try pieces(directory.path) }
        #expect("\(error)" == "\(directory.path)/b.yaml:2:3: service n/h is there twice; first in \(first) on line 2")
    }

    @Test func aDirectoryOfMapDumpsIsOnePiece() throws {
        let directory = try ScratchDirectory()
        for map in DumpedMap.required { try directory.write("[]", to: map.fileName) }
        #expect(try MeshSource(path: directory.path).kind() == .mapDump)
        #expect(try pieces(directory.path) == ["maps 4"])
    }

    @Test func missingPathsAndEmptyDirectoriesAreErrors() throws {
        let directory = try ScratchDirectory()
        let empty = try #require(throws: InputError.self) { try MeshSource(path: directory.path) }
        #expect(empty.message.hasPrefix("holds no .yaml, .yml or .json file; understood are"))
        let missing = try #require(throws: InputError.self) { try MeshSource(path: "\(directory.path)/none") }
        #expect(missing.message == "cannot be read: No such file or directory")
    }

    @Test func whatTheVisitorThrowsEndsTheReading() throws {
        let directory = try ScratchDirectory()
        let file = try directory.write("[{apiVersion: v1, kind: A}, {apiVersion: v1, kind: B}]", to: "x")
        var count = 0
        let error = try #require(throws: InputError.self) {
            try MeshSource(path: file).read { (_) throws(InputError) in
                count += 1
                throw InputError("x", nil, "enough")
            }
        }
        #expect(error.message == "enough")
        #expect(count == 1)
    }

    @Test func aLargeFileIsReadPieceByPiece() throws {
        let directory = try ScratchDirectory()
        let count = 20_000
        var text = "{\"workloads\": [\n"
        for index in 0..<count {
            let address = IPAddress.v4(0x0a00_0000 + UInt32(index))
            text += """
                {"uid": "c//Pod/ns/pod-\(index)", "addresses": ["\(address)"], "protocol": "NONE", "name": "pod-\(index)",
                 "namespace": "ns", "serviceAccount": "é", "workloadType": "POD", "canonicalName": "app",
                 "canonicalRevision": "latest", "clusterId": "c", "locality": {}, "node": "n\(index % 50)",
                 "status": "HEALTHY", "applicationTunnel": {"protocol": ""}, "services": ["ns/host"]}
                """
            text += index == count - 1 ? "\n" : ",\n"
        }
        text +=
            #"], "services": [{"namespace": "ns", "hostname": "host", "ports": [{"service_port": 80}]}], "policies": []}"#
        #expect(text.utf8.count > 5_000_000)
        let file = try directory.write(text, to: "big.json")
        var fractions: [Double] = []
        var input = MeshInput()
        try input.add(path: file) { _, fraction in fractions.append(fraction ?? -1) }
        let mesh = try input.snapshot().mesh
        #expect(mesh.workloads.count == count)
        #expect(mesh.services.count == 1)
        let last = try #require(mesh.workloads[WorkloadUID("c//Pod/ns/pod-\(count - 1)")])
        #expect(last.addresses == [.v4(0x0a00_0000 + UInt32(count - 1))])
        #expect(last.node == "n\((count - 1) % 50)")
        #expect(fractions == fractions.sorted() && fractions.first == 0 && fractions.last == 1)
        #expect((20...110).contains(fractions.count), "\(fractions.count)")
    }
}

/// Files of other projects, read where they lie.
@Suite(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)")) struct RealMeshFileTests {
    @Test func ztunnelsExampleIsRead() throws {
        let file = "\(UpstreamSamples.directory)/ztunnel/localhost.yaml"
        #expect(try MeshSource(path: file).kind() == .ztunnel)
        var input = MeshInput()
        try input.add(path: file)
        let mesh = try input.snapshot().mesh
        #expect(mesh.sortedWorkloads.map(\.name) == ["local", "local-tcp"])
        #expect(mesh.sortedWorkloads.flatMap(\.addresses).map(\.description) == ["127.0.0.1", "127.0.0.2"])
        #expect(mesh.sortedServices.flatMap(\.addresses).map(\.description) == ["/127.10.0.1", "remote/127.10.0.2"])
        for workload in mesh.sortedWorkloads {
            #expect(Set(workload.services.keys) == Set(mesh.services.keys))
            #expect(workload.services.values.allSatisfy { $0 == [ServicePort(80, to: 8080)] })
        }
        #expect(
            mesh.sortedPolicies == [
                Policy(
                    name: "deny-9999", namespace: "default", scope: .namespace, action: .allow,
                    rules: [Policy.Rule([Policy.Clause([PolicyMatch(destinationPorts: .init(not: [9999]))])])])
            ])
    }

    @Test func aDumpOfAKmeshDaemonIsRead() throws {
        let file = "\(UpstreamSamples.directory)/kmesh/workload_configdump.json"
        #expect(try MeshSource(path: file).kind() == .kmesh)
        var input = MeshInput()
        try input.add(path: file)
        let mesh = try input.snapshot().mesh
        let workload = try #require(mesh.sortedWorkloads.first)
        #expect(workload.uid.text == "cluster0//Pod/ns/name")
        #expect(workload.addresses == [.v4(0x0102_0304)])
        let waypoint = NetworkAddress(network: "testnetwork", .v4(0xc0a8_010a))
        #expect(workload.waypoint == Gateway(.address(waypoint), port: 15008))
        #expect(workload.services == [ServiceName(namespace: "ns", hostname: "hostname"): []])
        let service = try #require(mesh.sortedServices.first)
        #expect(service.ports == [ServicePort(80, to: 8080), ServicePort(81), ServicePort(82)])
        #expect(service.waypoint == Gateway(.address(NetworkAddress(network: "testnetwork", .v4(0xc0a8_010b)))))
        #expect(mesh.policies.keys.sorted() == ["ns/policy"])
    }
}
