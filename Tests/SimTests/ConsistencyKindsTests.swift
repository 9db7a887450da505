import Model
import Sim
import TestSupport
import Testing

/// One kind of change of one resource.
struct ChangeCase: CustomTestStringConvertible {
    let testDescription: String
    /// What is there beside the surroundings.
    var before: [MeshChange] = []
    var change: MeshChange

    init(_ name: String, after before: [MeshChange] = [], _ change: MeshChange) {
        testDescription = name
        self.before = before
        self.change = change
    }
}

private let names = MeshGenerator(seed: 0)
private let eleven = MeshGenerator.portLists[5]
private let failover = LoadBalancing(.failover, preferring: [.region, .zone])
private let byName = Gateway(.service(names.serviceName(2)), port: 80)

private func vip(_ service: Int, _ family: AddressFamily = .v4, _ variant: Int = 0) -> NetworkAddress {
    NetworkAddress(MeshGenerator.virtualIP(service, family, variant: variant))
}

private func pod(_ workload: Int, _ family: AddressFamily = .v4, _ variant: Int = 0) -> IPAddress {
    MeshGenerator.podAddress(workload, family, variant: variant)
}

private func service(_ index: Int = 0, _ edit: (inout Service) -> Void = { _ in }) -> MeshChange {
    var service = Service(names.serviceName(index), addresses: [vip(index)], ports: [ServicePort(80, to: 8080)])
    service.loadBalancing = failover
    edit(&service)
    return .setService(service)
}

private func waypointService(_ edit: (inout Service) -> Void) -> MeshChange {
    service(2) { service in
        service.addresses = [vip(2), vip(2, .v6)]
        service.ports = [ServicePort(80, to: 15019)]
        service.loadBalancing = LoadBalancing()
        edit(&service)
    }
}

private func workload(_ index: Int = 0, of service: Int? = 0, _ edit: (inout Workload) -> Void = { _ in }) -> MeshChange
{
    var workload = Workload(names.workloadUID(index), name: "p\(index)", namespace: "ns", addresses: [pod(index)])
    workload.cluster = "c"
    workload.locality = MeshGenerator.localities[0]
    if let service { workload.services[names.serviceName(service)] = [] }
    edit(&workload)
    return .setWorkload(workload)
}

private let cases: [ChangeCase] = [
    ChangeCase("a service with endpoints comes", service()),
    ChangeCase("a service with endpoints goes", after: [service()], .removeService(names.serviceName(0))),
    ChangeCase("a service changes nothing", after: [service()], service()),
    ChangeCase("a service moves to another address", after: [service()], service { $0.addresses = [vip(0, .v4, 1)] }),
    ChangeCase(
        "a service moves and changes its ports", after: [service()],
        service {
            $0.addresses = [vip(0, .v4, 1)]
            $0.ports = [ServicePort(80, to: 9090)]
        }),
    ChangeCase("a service gets a second family", after: [service()], service { $0.addresses = [vip(0), vip(0, .v6)] }),
    ChangeCase(
        "random to strict", after: [service { $0.loadBalancing = LoadBalancing() }],
        service {
            $0.loadBalancing = LoadBalancing(.strict, preferring: [.region, .zone])
        }),
    ChangeCase("failover to random", after: [service()], service { $0.loadBalancing = LoadBalancing() }),
    ChangeCase(
        "a preference changes with the ports", after: [service()],
        service {
            $0.loadBalancing = LoadBalancing(.failover, preferring: [.zone, .region])
            $0.ports = [ServicePort(80, to: 9090)]
        }),
    ChangeCase(
        "an eleventh port comes", after: [service { $0.ports = Array(eleven.dropLast()) }],
        service {
            $0.ports = eleven
        }),
    ChangeCase("a port goes behind ten others", after: [service()], service { $0.ports = eleven }),
    ChangeCase("a port comes from behind ten others", after: [service { $0.ports = eleven }], service()),
    ChangeCase(
        "the eleventh port goes with a policy", after: [service { $0.ports = eleven }],
        service {
            $0.ports = Array(eleven.dropLast())
            $0.loadBalancing = LoadBalancing()
        }),
    ChangeCase("a service gets a waypoint", after: [service { $0.ports = eleven }], service { $0.waypoint = byName }),
    ChangeCase(
        "a service loses its waypoint", after: [service { $0.waypoint = byName }], service { $0.ports = eleven }),
    ChangeCase(
        "a service's waypoint changes", after: [service { $0.waypoint = byName }],
        service {
            $0.waypoint = Gateway(.address(vip(9)), port: 80)
        }),
    ChangeCase(
        "a waypoint's service moves", after: [service { $0.waypoint = byName }],
        waypointService { $0.addresses = [vip(2, .v4, 1), vip(2, .v6)] }),
    ChangeCase(
        "a waypoint's service moves and changes all else",
        after: [service { $0.waypoint = byName }, workload(of: nil) { $0.waypoint = byName }, workload(5, of: 2)],
        waypointService {
            $0.addresses = [vip(2, .v4, 1)]
            $0.ports = [ServicePort(80, to: 9090)]
            $0.loadBalancing = failover
        }),
    ChangeCase(
        "a waypoint's service turns its addresses round", after: [service { $0.waypoint = byName }],
        waypointService {
            $0.addresses = [vip(2, .v6), vip(2, .v4, 1), vip(2)]
            $0.ports = [ServicePort(80, to: 9090)]
        }),
    ChangeCase(
        "a waypoint's service goes", after: [service { $0.waypoint = byName }], .removeService(names.serviceName(2))),
    ChangeCase(
        "a service waited for its waypoint",
        after: [.removeService(names.serviceName(2)), service { $0.waypoint = byName }],
        waypointService { _ in }),
    ChangeCase("a workload comes", after: [service()], workload()),
    ChangeCase("a workload goes", after: [service(), workload()], .removeWorkload(names.workloadUID(0))),
    ChangeCase("a workload comes before its service", workload()),
    ChangeCase("the last endpoint goes", after: [service(1), workload(of: 1)], .removeWorkload(names.workloadUID(0))),
    ChangeCase("a workload falls ill", after: [service(), workload()], workload { $0.health = .unhealthy }),
    ChangeCase("a workload recovers", after: [service(), workload { $0.health = .unhealthy }], workload()),
    ChangeCase(
        "a workload moves away", after: [service(), workload()],
        workload {
            $0.locality = MeshGenerator.localities[2]
        }),
    ChangeCase(
        "a workload moves near", after: [service(), workload { $0.locality = MeshGenerator.localities[2] }], workload()),
    ChangeCase("a workload moves to another service", after: [service(), service(1), workload()], workload(of: 1)),
    ChangeCase("a workload gets a waypoint", after: [service(), workload()], workload { $0.waypoint = byName }),
    ChangeCase("a workload loses its waypoint", after: [service(), workload { $0.waypoint = byName }], workload()),
    ChangeCase(
        "a workload's address changes", after: [service(), workload()], workload { $0.addresses = [pod(0, .v4, 1)] }),
    ChangeCase(
        "a workload's family changes", after: [service(), workload()], workload { $0.addresses = [pod(0, .v6)] }),
    ChangeCase(
        "a workload becomes dual", after: [service(), workload()], workload { $0.addresses = [pod(0), pod(0, .v6)] }),
    ChangeCase(
        "a dual workload changes both addresses",
        after: [service(), workload { $0.addresses = [pod(0), pod(0, .v6)] }],
        workload { $0.addresses = [pod(0, .v4, 1), pod(0, .v6, 1)] }),
    ChangeCase(
        "a dual workload loses a waypoint and a family",
        after: [
            service(),
            workload {
                $0.addresses = [pod(0), pod(0, .v6)]
                $0.waypoint = byName
            },
        ], workload()),
    ChangeCase(
        "a service takes a workload's address", after: [workload(of: nil) { $0.waypoint = byName }],
        service {
            $0.addresses = [NetworkAddress(pod(0))]
        }),
    ChangeCase(
        "a service gives a workload's address back",
        after: [workload(of: nil) { $0.waypoint = byName }, service { $0.addresses = [NetworkAddress(pod(0))] }],
        .removeService(names.serviceName(0))),
    ChangeCase(
        "a workload takes another's address", after: [workload(of: nil) { $0.waypoint = byName }],
        workload(6) {
            $0.addresses = [pod(0)]
        }),
    ChangeCase(
        "the owner of a shared address goes",
        after: [workload(of: nil), workload(6) { $0.addresses = [pod(0)] }], .removeWorkload(names.workloadUID(0))),
    ChangeCase(
        "a named port gets another number",
        after: [
            service { $0.ports = [ServicePort(80, targetName: "http")] },
            workload { $0.services[names.serviceName(0)] = [ServicePort(80, to: 7000)] },
        ],
        workload { $0.services[names.serviceName(0)] = [ServicePort(80, to: 7001)] }),
    ChangeCase(
        "the endpoint that numbers a port goes",
        after: [
            service { $0.ports = eleven.dropLast() + [ServicePort(80, targetName: "http")] },
            workload { $0.services[names.serviceName(0)] = [ServicePort(80, to: 7000)] },
        ],
        .removeWorkload(names.workloadUID(0))),
    ChangeCase("the node moves", after: [service()], .setNode(names.nodeObject(MeshGenerator.localities[2]))),
]

@Suite struct ConsistencyKindsTests {
    @Test(arguments: cases, Preset.allCases)
    func answersDuringEachKindOfChangeAreOldOrNew(_ row: ChangeCase, _ preset: Preset) throws {
        var mesh = Mesh.surroundings
        for change in row.before { mesh.apply(change) }
        var scene = try ConsistencyScene(mesh, row.change, preset)
        var explorer = ConsistencyExplorer()
        let found = try explorer.inconsistency(of: &scene, ports: [80, 81, 1001])
        #expect(found == nil, "\(found?.description ?? "")")
        #expect(explorer.cutCount == 0)
    }

    /// The first workload on the node tells its locality.
    @Test(arguments: Preset.allCases)
    func answersWhileTheNodeLearnsItsLocalityAreOldOrNew(_ preset: Preset) throws {
        for strict in [false, true] {
            for isMember in [false, true] {
                var mesh = Mesh.surroundings
                mesh.apply(.removeNode(MeshGenerator.node))
                mesh.apply(
                    service { $0.loadBalancing = strict ? LoadBalancing(.strict, preferring: [.zone]) : failover })
                let first = workload(of: isMember ? 0 : nil) {
                    $0.node = MeshGenerator.node
                    $0.locality = MeshGenerator.localities[1]
                }
                var scene = try ConsistencyScene(mesh, first, preset)
                var explorer = ConsistencyExplorer()
                let found = try explorer.inconsistency(of: &scene, ports: [80])
                #expect(found == nil, "\(found?.description ?? "")")
            }
        }
    }
}
