import Inputs
import Model
import TestSupport
import Testing

private let samples = ConditionTrait.enabled(if: UpstreamSamples.areWanted, "\(UpstreamSamples.absence)")

@Test(samples) func bookinfoHasSixWorkloadsAndFourServices() throws {
    var cluster = try sampleCluster("istio/bookinfo.yaml")
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

@Test(samples) func servicesOfOneVersionSelectItsPods() throws {
    var cluster = try sampleCluster("istio/bookinfo.yaml", "istio/bookinfo-versions.yaml")
    let mesh = try cluster.mesh()
    #expect(mesh.services.count == 10)
    for workload in mesh.sortedWorkloads {
        let names = [workload.canonicalName, workload.ownerName]
        #expect(Set(workload.services.keys) == Set(names.map(serviceName)))
    }
}

@Test(samples, arguments: ["istio/tcp-echo-dual-stack.yaml", "istio/helloworld-dual-stack.yaml"])
func dualStackSamplesHaveAddressesOfBothFamilies(_ path: String) throws {
    var cluster = try sampleCluster(path)
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

@Test(samples) func aHeadlessServiceSharesThePodsOfAnother() throws {
    var cluster = try sampleCluster("kmesh/httpbin.yaml", "kmesh/headless-httpbin.yaml")
    let mesh = try cluster.mesh()
    #expect(try mesh.service("httpbin").addresses.count == 1)
    #expect(try mesh.service("httpbin-headless").addresses.isEmpty)
    let ports = [ServicePort(8000, to: 80)]
    #expect(
        try mesh.pod("httpbin-0").services == [
            serviceName("httpbin"): ports, serviceName("httpbin-headless"): ports,
        ])
}
