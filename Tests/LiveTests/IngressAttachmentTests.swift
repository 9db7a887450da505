import Foundation
import KernelABI
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

@testable import Live

/// The program at pods' interfaces: how it comes and goes, and that it lets in and out what it should.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct IngressAttachmentTests {
    private static let (pod, peer) = (IPAddress.v4(0x0A01_0002), IPAddress.v4(0x0A01_0001))

    private static var settings: ProgramSettings {
        var settings = ProgramSettings(options: .hardened)
        settings.options.capacities = MapCapacities(
            frontend: 64, service: 64, endpoint: 64, backend: 64, manage: 64, nodeInfo: 16)
        settings.authorizationCapacities = PacketRun.small
        return settings
    }

    /// Two namespaces, joined by a veth pair: eth0 of the pod's, and eth0 of the peer's.
    private static func wire(_ driver: inout SocketDriver) throws -> (pod: NamespaceMade, peer: NamespaceMade) {
        let pod = try driver.makeNamespace(isEveryAddressLocal: false)
        let peer = try driver.makeNamespace(isEveryAddressLocal: false)
        let commands = [
            (pod, "ip link add eth0 type veth peer name eth0 netns \(peer.path)"),
            (pod, "ip link set eth0 up && ip address add 10.1.0.2/24 dev eth0"),
            (peer, "ip link set eth0 up && ip address add 10.1.0.1/24 dev eth0"),
        ]
        for (namespace, command) in commands {
            #expect(try driver.run(["sh", "-c", command], in: namespace.number).code == 0, "\(command)")
        }
        return (pod, peer)
    }

    @Test func linksArePinnedReplacedAndRemoved() throws {
        var driver = try SocketDriver()
        let pod = try Self.wire(&driver).pod
        let pins = try TestPinDirectory()
        let directory = PinDirectory("\(pins.path)/own")
        let namespace = try NetworkNamespace(path: pod.path)
        #expect(namespace.interface == "eth0")
        let first = try Dataplane(Self.settings, pins: directory)
        let made = try first.attachIngress(to: "eth0", of: namespace)
        #expect(made.origin == .native)
        #expect(made.attachment.linkName == "xdp_\(pod.cookie)_\(made.attachment.interfaceIndex)")
        #expect(XDPAttachment(linkName: made.attachment.linkName) == made.attachment)
        let loopback = try first.attachIngress(to: "lo", of: namespace)
        #expect(loopback.origin == .generic)
        let all = [loopback.attachment, made.attachment].sorted { $0.interfaceIndex < $1.interfaceIndex }
        #expect(try XDPAttachment.pinned(in: directory) == all)
        // A restart.
        let second = try Dataplane(Self.settings, pins: directory)
        #expect(try second.replaceIngress() == all)
        #expect(try second.attachIngress(to: "eth0", of: namespace).origin == .replaced)
        // The interface goes, and another takes its number.
        let number = made.attachment.interfaceIndex
        let again =
            "ip link del eth0 && ip link add eth0 index \(number) type veth peer name eth1 && ip link set eth0 up"
        #expect(try driver.run(["sh", "-c", again], in: pod.number).code == 0)
        #expect(try second.attachIngress(to: "eth0", of: namespace).origin == .native)
        #expect(try driver.run(["sh", "-c", "ip link del eth0"], in: pod.number).code == 0)
        #expect(try second.replaceIngress() == [loopback.attachment])
        #expect(try Dataplane.detach(from: directory) == [loopback.attachment.linkName])
        #expect(!FileManager.default.fileExists(atPath: directory.path))
    }

    @Test func anotherProgramStays() throws {
        var driver = try SocketDriver()
        let pod = try Self.wire(&driver).pod
        let pins = try TestPinDirectory()
        let others = try TestPinDirectory()
        let namespace = try NetworkNamespace(path: pod.path)
        let foreign = try Dataplane(Self.settings, pins: PinDirectory(others.path))
        _ = try foreign.attachIngress(to: "eth0", of: namespace)
        let own = try Dataplane(Self.settings, pins: PinDirectory(pins.path))
        #expect(throws: LoadError.interfaceTaken(interface: "eth0", namespace: pod.path)) {
            try own.attachIngress(to: "eth0", of: namespace)
        }
        #expect(try XDPAttachment.pinned(in: PinDirectory(pins.path)) == [])
        #expect(try foreign.replaceIngress().count == 1)
        #expect(throws: LoadError.self) { try own.attachIngress(to: "eth7", of: namespace) }
    }

    /// The pod's policy lets nobody in; what it opens itself goes on, also over a restart.
    @Test func aPodThatLetsNobodyInCanConnect() throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        var driver = try SocketDriver(inCgroup: cgroup.directory)
        let (pod, peer) = try Self.wire(&driver)
        for namespace in [pod, peer] { _ = try driver.listen(on: [80], in: namespace.number) }
        let namespace = try NetworkNamespace(path: pod.path)

        func start() throws -> Dataplane {
            let dataplane = try Dataplane(Self.settings, pins: PinDirectory(pins.path))
            var writer = ViewWriter()
            writer.set(1, HandMadeView(hasAllow: true))
            writer.judge(Self.pod, by: 1)
            _ = try dataplane.authorization.apply(writer.all)
            _ = try dataplane.maps.apply([.put(.manage(ManageKey(cookie: pod.cookie), ManageValue(state: 0)))])
            try dataplane.attach(cgroup: cgroup.directory)
            try dataplane.replaceIngress()
            return dataplane
        }
        func connect(
            _ from: NamespaceMade, _ to: NamespaceMade, _ address: IPAddress, family: AddressFamily = .v4
        ) throws -> ConnectOutcome {
            var request = ConnectRequest(to: SocketAddress(address, port: 80), in: from.number)
            request.acceptingNamespace = to.number
            request.family = family
            request.timeoutMilliseconds = 300
            return try driver.connect(request)
        }

        let first = try start()
        #expect(try connect(peer, pod, Self.pod).errno == 0)
        _ = try first.attachIngress(to: "eth0", of: namespace)
        #expect(try connect(peer, pod, Self.pod).errno == ETIMEDOUT)
        let open = try connect(pod, peer, Self.peer)
        #expect(open.errno == 0)
        #expect(try connect(pod, peer, Self.peer, family: .v6).errno == 0, "by a mapped address")
        #expect(first.adoptedMaps.isEmpty)

        let second = try start()
        #expect(second.adoptedMaps.contains("km_flow") && !second.adoptedMaps.contains("km_verdict"))
        #expect(try connect(peer, pod, Self.pod).errno == ETIMEDOUT)
        #expect(try driver.state(of: open.socket).tcpState == 1)
        #expect(try connect(pod, peer, Self.peer).errno == 0)
        let flows = try second.openMap("km_flow")
        #expect(
            try flows.withRaw { (raw) throws(LoadError) in try MapInformation(of: raw, name: "km_flow").capacity }
                == 65_536)
        let reasons = try second.exitCounters.counts().filter { $0.hook == .xdpIngress }.map(\.reason)
        #expect(reasons.contains(.reply) && reasons.contains(.deniedByDefault))
    }
}
