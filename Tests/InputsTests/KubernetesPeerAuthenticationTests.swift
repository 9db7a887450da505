import Inputs
import Model
import Testing

/// A PeerAuthentication with this spec.
private func peers(
    _ spec: String, name: String = "m", namespace: String = "default", created: String = "2026-01-01T00:00:00Z"
) -> String {
    """
    ---
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: \(name), namespace: \(namespace), creationTimestamp: "\(created)"}
    spec: {\(spec)}

    """
}

private let web = "selector: {matchLabels: {app: web}}"
private let strict = "istio-system/istio_converted_static_strict"
private let own = "default/converted_peer_authentication_m"

/// PeerAuthentications, and what a pod with `app: web` in the default namespace lists then.
struct PeersCase: CustomTestStringConvertible {
    let testDescription: String
    var text: String
    var names: [String]
}

@Suite struct KubernetesPeerAuthenticationTests {
    @Test(arguments: [
        PeersCase(testDescription: "strict mesh", text: mesh("STRICT"), names: [strict]),
        PeersCase(testDescription: "permissive mesh", text: mesh("PERMISSIVE"), names: []),
        PeersCase(
            testDescription: "a permissive namespace in a strict mesh",
            text: mesh("STRICT") + peers("mtls: {mode: PERMISSIVE}"), names: []),
        PeersCase(
            testDescription: "a namespace that leaves it to the mesh", text: mesh("STRICT") + peers("mtls: {}"),
            names: [strict]),
        PeersCase(testDescription: "a strict namespace", text: peers("mtls: {mode: STRICT}"), names: [strict]),
        PeersCase(
            testDescription: "another namespace", text: peers("mtls: {mode: STRICT}", namespace: "other"), names: []),
        PeersCase(
            testDescription: "strict pods", text: peers("\(web), mtls: {mode: STRICT}"), names: [strict]),
        PeersCase(
            testDescription: "other pods", text: peers("selector: {matchLabels: {app: db}}, mtls: {mode: STRICT}"),
            names: []),
        PeersCase(
            testDescription: "disabled pods in a strict mesh",
            text: mesh("STRICT") + peers("\(web), mtls: {mode: DISABLE}"),
            names: []),
        PeersCase(
            testDescription: "a strict port", text: peers("\(web), portLevelMtls: {80: {mode: STRICT}}"), names: [own]),
        PeersCase(
            testDescription: "a strict port of permissive pods in a strict mesh",
            text: mesh("STRICT") + peers("\(web), mtls: {mode: PERMISSIVE}, portLevelMtls: {80: {mode: STRICT}}"),
            names: [own]),
        PeersCase(
            testDescription: "a strict port of strict pods",
            text: peers("\(web), mtls: {mode: STRICT}, portLevelMtls: {80: {mode: STRICT}}"), names: [strict]),
        PeersCase(
            testDescription: "an exempt port in a strict mesh",
            text: mesh("STRICT") + peers("\(web), portLevelMtls: {80: {mode: DISABLE}}"), names: [own]),
        PeersCase(
            testDescription: "an exempt port where the namespace leaves it to a strict mesh",
            text: mesh("STRICT") + peers("mtls: {}", name: "ns")
                + peers("\(web), portLevelMtls: {80: {mode: DISABLE}}"), names: [own]),
        PeersCase(
            testDescription: "the oldest counts",
            text: peers("mtls: {mode: STRICT}", name: "a", created: "2026-01-03T00:00:00Z")
                + peers("mtls: {mode: DISABLE}", name: "b", created: "2026-01-02T00:00:00Z"), names: []),
        PeersCase(
            testDescription: "of one time the first by name counts",
            text: peers("mtls: {mode: STRICT}", name: "a") + peers("mtls: {mode: DISABLE}", name: "b"),
            names: [strict]),
    ])
    func podsListWhatIsAskedOfThem(_ c: PeersCase) throws {
        var cluster = try KubernetesCluster(c.text + pod("p", address: "10.0.0.1", labels: "{app: web}"))
        let mesh = try cluster.mesh()
        #expect(try mesh.pod("p").policies == c.names)
        for name in c.names { #expect(mesh.policies[name] != nil) }
    }

    private static func mesh(_ mode: String) -> String {
        peers("mtls: {mode: \(mode)}", name: "mesh", namespace: "istio-system")
    }

    @Test func withoutAnyThereIsNoPolicy() throws {
        var cluster = try KubernetesCluster(peers("mtls: {mode: DISABLE}"))
        #expect(try cluster.mesh().policies.keys.sorted() == [strict])
        cluster.remove(kind: .peerAuthentication, namespace: "default", name: "m")
        #expect(try cluster.mesh().policies.isEmpty)
    }

    /// What the policies mean, put to the reference.
    @Test func exemptPortsAreOpenAndOthersAreNot() throws {
        var cluster = try KubernetesCluster(
            peers("\(web), mtls: {mode: STRICT}, portLevelMtls: {80: {mode: DISABLE}, 81: {mode: PERMISSIVE}}")
                + pod("p", address: "10.0.0.1", labels: "{app: web}"))
        let mesh = try cluster.mesh()
        let policies = PolicySelection(mesh.policies).policies(for: try mesh.pod("p"))
        for (port, isOpen) in [(80, true), (81, true), (82, false)] as [(UInt16, Bool)] {
            var request = AuthorizationRequest(
                source: .v4(1), identity: nil, destination: SocketAddress(.v4(0x0A00_0001), port: port))
            #expect(ReferenceAuthorization.verdict(on: request, by: policies).isAllowed == isOpen)
            request.identity = PeerIdentity(trustDomain: "t", namespace: "n", serviceAccount: "s")
            #expect(ReferenceAuthorization.verdict(on: request, by: policies).isAllowed)
        }
    }

    @Test(arguments: [
        (
            peers("portLevelMtls: {80: {mode: STRICT}}"),
            "portLevelMtls of PeerAuthentication default/m is ignored: it needs a selector with labels"
        ),
        (
            peers("\(web), mtls: {mode: STRICT}", namespace: "istio-system"),
            "PeerAuthentication istio-system/m is ignored: in istio-system it may have no selector"
        ),
        (
            peers("mtls: {mode: STRICT}") + peers("mtls: {mode: STRICT}", name: "n"),
            "PeerAuthentication default/n is ignored: default/m is older and for the same"
        ),
    ])
    func whatCountsForNothingIsNoted(_ text: String, _ note: String) throws {
        var cluster = try KubernetesCluster(text)
        #expect(try cluster.snapshot().notes.map(\.text) == [note])
    }

    @Test(arguments: [
        ("mtls: {mode: STRIKT}", "\"mode\" must be one of UNSET, DISABLE, PERMISSIVE, STRICT, not \"STRIKT\""),
        ("mtls: {mod: STRICT}", "unknown key \"mod\"; did you mean \"mode\"?"),
        ("\(web), portLevelMtls: {70000: {mode: STRICT}}", "a port must be a number from 1 to 65535, not \"70000\""),
        ("portLevelMTLS: {}", "unknown key \"portLevelMTLS\"; did you mean \"portLevelMtls\"?"),
    ])
    func whatIsWrongIsRefused(_ spec: String, _ message: String) throws {
        let error = try #require(throws: InputError.self) { try KubernetesCluster(peers(spec)) }
        #expect(error.message.hasPrefix(message) && error.position?.line == 5, "\(error)")
    }
}
