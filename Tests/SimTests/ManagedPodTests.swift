import Testing

private let sharedAddress = """
    {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default},
     spec: {nodeName: n, containers: [{name: c}]}, status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}}
    ---
    {apiVersion: v1, kind: Pod, metadata: {name: b, namespace: default},
     spec: {nodeName: n, containers: [{name: c}]}, status: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}}
    ---
    {apiVersion: v1, kind: Pod, metadata: {name: w, namespace: default},
     spec: {nodeName: n, containers: [{name: c}]}, status: {podIP: 10.0.0.2, podIPs: [{ip: 10.0.0.2}]}}
    """

@Test func theNextPodTakesASharedAddressOver() throws {
    let failed = try failures(
        """
          - connect: {from: w, to: "10.0.0.1:80"}
            expect: {reports: 4}
          - remove: Pod/default/a
            expect: {maps: {km_manage: {10.0.0.1: 0, count: 4}}}
          - connect: {from: w, to: "10.0.0.1:80"}
            expect: {reports: 4}
          - release: [b]
            expect: {maps: {km_manage: {10.0.0.1: absent, count: 2}}}
        """, mesh: sharedAddress)
    #expect(failed == [])
}

@Test func anAddressStaysManagedForTheOtherPod() throws {
    let failed = try failures(
        """
          - release: [b]
            expect: {managed: {a: true, b: false}, maps: {km_manage: {10.0.0.1: 0, count: 4}}}
          - release: [a]
            expect: {maps: {km_manage: {10.0.0.1: absent, count: 2}}}
        """, mesh: sharedAddress)
    #expect(failed == [])
}

private func podOnNode(_ network: String) -> String {
    """
    {apiVersion: v1, kind: Node, metadata: {name: n}, spec: {podCIDRs: [10.244.0.0/24]},
     status: {addresses: [{type: InternalIP, address: 192.168.0.1}]}}
    ---
    {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default},
     spec: {hostNetwork: \(network), nodeName: n, containers: [{name: c}]}}
    """
}

@Test func aPodOnItsNodesNetworkIsNotManaged() throws {
    let mesh = podOnNode("true")
    #expect(refusal("  - manage: [p]", mesh: mesh)?.contains("uses its node's network") == true)
    #expect(
        refusal("  - advance: 1s", settings: "manage: [p]", mesh: mesh)?.contains("uses its node's network") == true)
    let failed = try failures(
        """
          - check: true
            expect: {maps: {km_manage: {count: 2}}}
          - patch: {object: Pod/default/p, merge: {spec: {hostNetwork: true}}}
            expect: {managed: {p: false}, maps: {km_manage: {count: 0}}}
        """, mesh: podOnNode("false"))
    #expect(failed == [])
}

@Test func theNodesAddressStaysWhenAPodOnItsNetworkGoes() throws {
    let failed = try failures(
        """
          - mapWrite: {put: {km_manage: {192.168.0.1: 0}}}
          - release: [p]
            expect: {maps: {km_manage: {192.168.0.1: 0}}}
          - remove: Pod/default/p
            expect: {maps: {km_manage: {192.168.0.1: 0}}}
        """, mesh: podOnNode("true"))
    #expect(failed == [])
}

@Test func labelsThatChangeLaterCount() throws {
    let failed = try failures(
        """
          - check: true
            expect: {managed: {web: false}}
          - apply:
              inline:
                - {apiVersion: v1, kind: Namespace, metadata: {name: default, labels: {istio.io/dataplane-mode: Kmesh}}}
            expect: {managed: {web: true, srv: true}}
          - release: [srv]
          - patch: {object: Service/default/svc, merge: {metadata: {labels: {a: b}}}}
            expect: {managed: {web: true, srv: false}}
          - remove: Namespace/default
            expect: {managed: {web: false}}
        """, settings: "manage: labelled")
    #expect(failed == [])
}

@Test func nobodyAnswersAtAControlAddress() throws {
    for address in ["0.0.0.2:929", "[::2]:929"] {
        let failed = try failures(
            """
              - connect: {from: web, to: "\(address)", keep: s}
                expect: {leftAlone: true, reason: controlManage, hooks: [\(address.first == "[" ? "connect6" : "connect4"), sockOps], reports: 0}
              - close: s
                expect: {reports: 0}
            """, preset: .upstream, settings: "manage: none")
        #expect(failed == [])
    }
    let failed = try failures(
        "  - connect: {from: web, to: \"0.0.0.2:929\"}\n    expect: {leftAlone: true, hooks: [connect4], reports: 0}")
    #expect(failed == [])
}
