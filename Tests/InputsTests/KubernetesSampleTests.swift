import Inputs
import Model
import Testing

@Test func bookinfoHasSixWorkloadsAndFourServices() throws {
    guard var cluster = try sampleCluster("istio/bookinfo.yaml") else { return }
    let snapshot = try cluster.snapshot()
    let mesh = snapshot.mesh
    #expect(snapshot.notes.isEmpty)
    #expect(mesh.sortedServices.map(\.shortName) == ["details", "productpage", "ratings", "reviews"])
    let owners = ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"]
    #expect(mesh.sortedWorkloads.map(\.ownerName) == owners)
    for workload in mesh.sortedWorkloads {
        #expect(workload.kind == .deployment)
        #expect(workload.serviceAccount == "bookinfo-\(workload.canonicalName)")
        #expect("\(workload.canonicalName)-\(workload.canonicalRevision)" == workload.ownerName)
        #expect(workload.services == [serviceName(workload.canonicalName): [ServicePort(9080, to: 9080)]])
    }
}

@Test func servicesOfOneVersionSelectItsPods() throws {
    guard var cluster = try sampleCluster("istio/bookinfo.yaml", "istio/bookinfo-versions.yaml") else { return }
    let mesh = try cluster.mesh()
    #expect(mesh.services.count == 10)
    for workload in mesh.sortedWorkloads {
        let names = [workload.canonicalName, workload.ownerName]
        #expect(Set(workload.services.keys) == Set(names.map(serviceName)))
    }
}

@Test(arguments: ["istio/tcp-echo-dual-stack.yaml", "istio/helloworld-dual-stack.yaml"])
func dualStackSamplesHaveAddressesOfBothFamilies(_ path: String) throws {
    guard var cluster = try sampleCluster(path) else { return }
    cluster.setNode(
        Node("n1", podPrefixes: [Prefix("10.1.0.0/24"), Prefix("fd00:1::/64")].compactMap { $0 }))
    let mesh = try cluster.mesh()
    #expect(mesh.services.count == 1 && !mesh.workloads.isEmpty)
    for service in mesh.sortedServices {
        #expect(service.addresses.map(\.address.family) == [.v6, .v4])
    }
    for workload in mesh.sortedWorkloads {
        #expect(workload.addresses.map(\.family) == [.v4, .v6])
        #expect(workload.services.count == 1)
    }
}

@Test func aHeadlessServiceSharesThePodsOfAnother() throws {
    guard var cluster = try sampleCluster("kmesh/httpbin.yaml", "kmesh/headless-httpbin.yaml") else { return }
    let mesh = try cluster.mesh()
    #expect(try mesh.service("httpbin").addresses.count == 1)
    #expect(try mesh.service("httpbin-headless").addresses.isEmpty)
    let ports = [ServicePort(8000, to: 80)]
    #expect(
        try mesh.pod("httpbin-0").services == [
            serviceName("httpbin"): ports, serviceName("httpbin-headless"): ports,
        ])
}
