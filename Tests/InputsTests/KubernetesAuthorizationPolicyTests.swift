import Inputs
import Model
import TestSupport
import Testing

/// An AuthorizationPolicy with this spec.
private func policy(
    _ spec: String, name: String = "a", namespace: String = "default", metadata: String = "labels: {}"
) -> String {
    """
    ---
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: \(name), namespace: \(namespace), \(metadata)}
    spec: {\(spec)}

    """
}

/// The only policy that a text comes to, nil for none.
private func converted(_ text: String) throws -> Policy? {
    let policies = try KubernetesCluster(text).convertedPolicies
    #expect(policies.count <= 1)
    return policies.first
}

private func clause(_ matches: PolicyMatch...) -> Policy.Clause { Policy.Clause(matches) }

private let from = "from: [{source: {namespaces: [x]}}]"
private let fromX = clause(PolicyMatch(namespaces: .init([.exact("x")])))
private let get = "{operation: {methods: [GET], ports: ['80']}}"
private let onlyL7 = "to: [{operation: {paths: [/a]}}]"

@Suite struct KubernetesAuthorizationPolicyTests {
    @Test(arguments: [
        ("", Policy.Action.allow, [Policy.Rule]()),
        ("rules: []", .allow, []),
        ("rules: [{}]", .allow, [Policy.Rule()]),
        ("action: DENY, rules: [{}]", .deny, [Policy.Rule()]),
        ("rules: [{\(from)}]", .allow, [Policy.Rule([fromX])]),
        // An ALLOW rule that asks for more than connections show is none; a DENY rule denies more.
        ("rules: [{\(from), to: [\(get)]}, {}]", .allow, [Policy.Rule()]),
        (
            "action: DENY, rules: [{\(from), to: [\(get)]}]", .deny,
            [Policy.Rule([clause(PolicyMatch(destinationPorts: .init([80]))), fromX])]
        ),
        ("rules: [{\(onlyL7)}]", .allow, []),
        ("action: DENY, rules: [{\(onlyL7)}]", .deny, [Policy.Rule([clause(PolicyMatch())])]),
        (
            "action: DENY, rules: [{\(from), when: [{key: connection.sni, values: [s]}]}]", .deny,
            [Policy.Rule([fromX, clause(PolicyMatch())])]
        ),
        ("rules: [{when: [{key: remote.ip, values: [10.0.0.1]}]}]", .allow, []),
        (
            "rules: [{when: [{key: source.namespace, values: [x]}, {key: destination.port, notValues: ['1', '2']}]}]",
            .allow, [Policy.Rule([fromX, clause(PolicyMatch(destinationPorts: .init(not: [1, 2])))])]
        ),
        (
            "rules: [{from: [{source: {serviceAccounts: [m/s, t]}}, {source: {principals: ['*'], notPrincipals: ['a*']}}]}]",
            .allow,
            [
                Policy.Rule([
                    clause(
                        PolicyMatch(
                            serviceAccounts: .init([
                                .init(namespace: "m", name: "s"), .init(namespace: "default", name: "t"),
                            ])),
                        PolicyMatch(principals: .init([.presence], not: [.prefix("a")])))
                ])
            ]
        ),
    ])
    func rulesAreConvertedAsByIstiod(_ spec: String, _ action: Policy.Action, _ rules: [Policy.Rule]) throws {
        let expected = Policy(name: "a", namespace: "default", scope: .namespace, action: action, rules: rules)
        #expect(try converted(policy(spec)) == expected)
    }

    @Test(arguments: [
        ("default", "", Policy.Scope.namespace), ("istio-system", "", .global),
        ("default", "selector: {matchLabels: {a: b}}", .workload), ("default", "selector: {}", .workload),
        ("istio-system", "selector: {matchLabels: {a: b}}", .workload),
    ])
    func scopesComeFromNamespaceAndSelector(_ namespace: String, _ spec: String, _ scope: Policy.Scope) throws {
        #expect(try converted(policy(spec, namespace: namespace))?.scope == scope)
    }

    @Test func theRootNamespaceIsASetting() throws {
        let text = policy("", namespace: "root")
        let cluster = try KubernetesCluster(text, settings: KubernetesSettings(rootNamespace: "root"))
        #expect(cluster.convertedPolicies.map(\.scope) == [.global])
    }

    @Test(arguments: [("'true'", true), ("'1'", true), ("'false'", false), ("'F'", false)])
    func theAnnotationMakesADryRun(_ value: String, _ isDryRun: Bool) throws {
        let text = policy("rules: [{}]", metadata: "annotations: {istio.io/dry-run: \(value)}")
        #expect(try converted(text)?.isDryRun == isDryRun)
    }

    @Test(arguments: ["v1", "v1beta1"])
    func everyVersionIsRead(_ version: String) throws {
        let text = policy("rules: [{}]").replacing("security.istio.io/v1", with: "security.istio.io/\(version)")
        #expect(try converted(text) != nil)
    }

    @Test func workloadsListWhatSelectsThem() throws {
        let selector = "selector: {matchLabels: {app: web}}"
        let pods = [
            ("default", "p"), ("other", "q"), ("default", "r"),
        ].enumerated().map { index, name in
            "---\n{apiVersion: v1, kind: Pod, metadata: {name: \(name.1), namespace: \(name.0), "
                + "labels: {app: \(name.1 == "r" ? "db" : "web")}}, spec: {}, status: {podIP: 10.0.0.\(index + 1)}}\n"
        }.joined()
        var cluster = try KubernetesCluster(
            pods + policy(selector, name: "z") + policy(selector + ", action: DENY, rules: [{}]", name: "b")
                + policy(selector, name: "m", namespace: "istio-system") + policy(selector, namespace: "other")
                + policy("selector: {matchLabels: {app: web, more: x}}", name: "narrow")
                + policy("selector: {matchLabels: {}}", name: "nobody") + policy("", name: "all")
                + policy(selector + ", action: AUDIT", name: "audit")
                + policy(selector + ", targetRef: {kind: Gateway, name: g}", name: "target"))
        let mesh = try cluster.mesh()
        #expect(try mesh.pod("p").policies == ["default/b", "default/z", "istio-system/m"])
        #expect(try mesh.pod("q", namespace: "other").policies == ["istio-system/m", "other/a"])
        #expect(try mesh.pod("r").policies.isEmpty)
        #expect(
            mesh.policies.keys.sorted() == [
                "default/all", "default/b", "default/narrow", "default/nobody", "default/z", "istio-system/m",
                "other/a",
            ])
    }

    @Test(arguments: [
        ("action: AUDIT", "2:1: policy default/a is ignored: the action AUDIT is for waypoints and sidecars"),
        (
            "action: CUSTOM, provider: {name: x}",
            "2:1: policy default/a is ignored: the action CUSTOM is for waypoints and sidecars"
        ),
        (
            "targetRefs: [{kind: Service, name: s}]",
            "2:1: policy default/a is ignored: a waypoint decides what has targetRefs"
        ),
        (
            "selector: {}",
            "2:1: policy default/a applies to nothing: its selector has no labels; without one it is for its namespace"
        ),
        (
            "rules: [{to: [\(get), {operation: {notHosts: [h]}}]}]",
            "5:16: this rule of policy default/a is left out: only a waypoint can decide methods, notHosts"
        ),
        (
            "action: DENY, rules: [{when: [{key: 'request.headers[x]', values: [v]}], \(from)}]",
            "5:30: this rule of policy default/a is taken without request.headers[x]: only a waypoint can decide that"
        ),
    ])
    func whatIsLeftOutIsNoted(_ spec: String, _ note: String) throws {
        var cluster = try KubernetesCluster(policy(spec))
        #expect(try cluster.snapshot().notes.map(\.description) == ["test.yaml:\(note)"])
    }

    @Test(arguments: [
        ("action: DENNY, rules: [{}]", "\"action\" must be one of ALLOW, DENY, AUDIT, CUSTOM, not \"DENNY\"; did you"),
        ("action: DENY", "a DENY policy without \"rules\" denies nothing"),
        ("action: DENY, rules: []", "a DENY policy without \"rules\" denies nothing"),
        ("rules: {}", "\"rules\" must be a list, not a mapping"),
        ("rules: [null]", "a rule is empty; write {} for one that matches everything"),
        ("rules: [{form: []}]", "unknown key \"form\"; did you mean \"from\"?"),
        ("rules: [{from: []}]", "\"from\" must not be empty"),
        ("rules: [{to: []}]", "\"to\" must not be empty"),
        ("rules: [{when: []}]", "\"when\" must not be empty"),
        ("rules: [{from: [{}]}]", "\"source\" is missing here"),
        ("rules: [{from: [{source: {}}]}]", "\"source\" names nothing"),
        ("rules: [{from: [{source: {namespaces: []}}]}]", "\"source\" names nothing"),
        ("rules: [{to: [{operation: {ports: []}}]}]", "\"operation\" names nothing"),
        ("rules: [{from: [{source: {namespace: [x]}}]}]", "unknown key \"namespace\"; did you mean \"namespaces\"?"),
        ("rules: [{from: [{source: {namespaces: ['']}}]}]", "\"namespaces\" must hold names, not \"\""),
        ("rules: [{from: [{source: {ipBlocks: [10.0.0.0/33]}}]}]", "\"ipBlocks\" must hold addresses or prefixes"),
        ("rules: [{from: [{source: {serviceAccounts: [a/b/c]}}]}]", "\"serviceAccounts\" must hold service accounts"),
        ("rules: [{from: [{source: {serviceAccounts: ['a/*']}}]}]", "\"serviceAccounts\" must hold service accounts"),
        (
            "rules: [{to: [{operation: {ports: ['70000']}}]}]",
            "\"ports\" must hold ports from 0 to 65535, not \"70000\""
        ),
        ("rules: [{to: [{operation: {ports: [http]}}]}]", "\"ports\" must hold ports from 0 to 65535, not \"http\""),
        ("rules: [{when: [{values: [x]}]}]", "\"key\" is missing here"),
        ("rules: [{when: [{key: source.ip}]}]", "a condition needs \"values\" or \"notValues\""),
        (
            "rules: [{when: [{key: source.ips, values: [10.0.0.1]}]}]",
            "no attribute is named \"source.ips\"; did you mean source.ip?"
        ),
        ("rules: [{when: [{key: source.ip, values: [x]}]}]", "\"values\" must hold addresses or prefixes"),
        ("rules: [{when: [{key: source.ip, value: [x], values: [10.0.0.1]}]}]", "unknown key \"value\"; did you mean"),
        ("selector: {matchLabel: {a: b}}", "unknown key \"matchLabel\"; did you mean \"matchLabels\"?"),
        ("rule: []", "unknown key \"rule\"; did you mean \"rules\"?"),
        ("provider: {name: x}", "\"provider\" is for the action CUSTOM only"),
    ])
    func whatIsWrongIsRefused(_ spec: String, _ message: String) throws {
        let error = try #require(throws: InputError.self) { try KubernetesCluster(policy(spec)) }
        #expect(error.message.hasPrefix(message) && error.position?.line == 5, "\(error)")
    }

    @Test func aDryRunThatIsNeitherTrueNorFalseIsRefused() throws {
        let text = policy("", metadata: "annotations: {istio.io/dry-run: 'maybe'}")
        let error = try #require(throws: InputError.self) { try KubernetesCluster(text) }
        #expect(error.message.hasPrefix("\"istio.io/dry-run\" must be \"true\" or \"false\", not \"maybe\""))
    }
}

/// Policies of Istio's own tests, converted here and by istiod.
@Test(.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)"), arguments: ["allow-full", "deny-groups"])
func istiosOwnSamplesAreConvertedAsByIstiod(_ name: String) throws {
    let cluster = try sampleCluster("istio/\(name)-in.yaml")
    let file = "\(UpstreamSamples.directory)/istio/\(name).yaml"
    var reader = try DocumentReader(path: file)
    var expected = try WorkloadAPIResource.policy(reader.single(), file: file)
    // Objects without a namespace are in the default one here.
    if expected.namespace.isEmpty { expected.namespace = "default" }
    #expect(cluster.convertedPolicies == [expected])
}
