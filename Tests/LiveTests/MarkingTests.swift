import Foundation
import KernelABI
import KernelTestSupport
import Model
import SocketDriverProtocol
import Synchronization
import Testing

@testable import Live

/// A number, and somebody's program, that one thread hands to another.
private final class Held: Sendable {
    let index = Mutex<UInt32>(0)
    let foreign = Mutex<ForeignFilter?>(nil)
}

/// The programs at a node's interfaces: how they come and go, what packets they mark and refuse, and that programs of
/// others stay and are asked.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct MarkingTests {
    /// Those that the kernel has: tcx since 6.6.
    private static let mechanisms: [TCAttachment.Mechanism] = {
        let version = KernelVersion(release: SystemName().release)
        return version.map { $0 < KernelVersion(6, 6) } ?? true ? [.clsact] : [.tcx, .clsact]
    }()

    @Test(arguments: mechanisms)
    func othersStayAndAreAsked(_ mechanism: TCAttachment.Mechanism) throws {
        var scene = try MarkingScene()
        let cgroup = try TestCgroup()
        let (directory, cgroupPath) = (scene.directory, cgroup.directory)
        let prefix = try #require(MarkingScene.peers)
        #expect(try scene.mark() == 0)
        try inNamespace(scene.node.path) {
            let end = try HostInterface(name: "veth0")
            _ = try ForeignFilter(.clsact(priority: 1, handle: 1), at: end.index, bit: 0x2_0000)
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            try dataplane.attach(cgroup: cgroupPath)
            try dataplane.encryption.encrypt(to: prefix)
            let made = try dataplane.attachPodMarking(to: end, by: mechanism)
            try equal(made.origin, .made)
            try equal(made.attachment.pinName, "\(mechanism.rawValue)_pod_\(end.index)")
            try equal(try TCAttachment.pinned(in: directory), [made.attachment])
            _ = try ForeignFilter(.clsact(priority: 100, handle: 1), at: end.index, bit: 0x4_0000)
        }
        // By clsact what is before ours is overwritten, by tcx nothing is.
        let expected: UInt32 = mechanism == .tcx ? 0x6_00e0 : 0x4_00e0
        #expect(try scene.mark() == expected)
        #expect(try scene.mark(ofPacketTo: "10.8.0.5") == 0x6_0000)
        // A restart.
        try inNamespace(scene.node.path) {
            let first = try TCAttachment.pinned(in: directory)
            let before = try first[0].program(in: directory)
            let second = try Dataplane(MarkingScene.settings(), pins: directory)
            try equal(try second.encryption.prefixes(), [prefix])
            try equal(try second.replaceMarking(), first)
            try equal(try first[0].program(in: directory) == before, false, "the program is the same:")
            let again = try second.attachPodMarking(to: try HostInterface(name: "veth0"), by: nil)
            try equal(again.origin, .replaced)
            try equal(again.attachment, first[0])
            let counts = try second.exitCounters.counts().filter { $0.hook == .tcPod }.map(\.reason)
            try equal(counts, [.markedForPeer, .notForPeer])
        }
        #expect(try scene.mark() == expected)
        try inNamespace(scene.node.path) {
            let pinned = try TCAttachment.pinned(in: directory).map(\.pinName)
            try equal(try Dataplane.detach(from: directory).filter { pinned.contains($0) }, pinned)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path))
        #expect(try scene.mark() == 0x6_0000)
        #expect(try scene.qdiscs().contains("clsact"))
    }

    @Test(.enabled(if: mechanisms.contains(.tcx), "the kernel has no tcx"))
    func ofTcxOursIsFirstAndMovesNobody() throws {
        var scene = try MarkingScene()
        let (directory, node) = (scene.directory, scene.node.path)
        let prefix = try #require(MarkingScene.peers)
        let held = Held()
        try inNamespace(node) {
            let end = try HostInterface(name: "veth0")
            let foreign = try ForeignFilter(.tcx, at: end.index, bit: 0x1_0000)
            held.foreign.withLock { $0 = foreign }
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            try dataplane.encryption.encrypt(to: prefix)
            try dataplane.attachPodMarking(to: end)
        }
        #expect(try scene.mark() == 0x1_00e0)
        try inNamespace(node) { _ = try Dataplane.detach(from: directory) }
        #expect(try scene.mark() == 0x1_0000)
        held.foreign.withLock { $0 = nil }
    }

    @Test func upstreamsProgramsEndTheFilters() throws {
        var scene = try MarkingScene()
        let directory = scene.directory
        let prefix = try #require(MarkingScene.peers)
        try inNamespace(scene.node.path) {
            let end = try HostInterface(name: "veth0")
            let dataplane = try Dataplane(MarkingScene.settings(.upstream), pins: directory)
            try dataplane.encryption.encrypt(to: prefix)
            try dataplane.attachPodMarking(to: end)
            _ = try ForeignFilter(.clsact(priority: 100, handle: 1), at: end.index, bit: 0x4_0000)
        }
        #expect(try scene.mark() == 0xe0)
    }

    @Test(arguments: mechanisms)
    func clearPacketsOfPeersDoNotComeIn(_ mechanism: TCAttachment.Mechanism) throws {
        var scene = try MarkingScene()
        let cgroup = try TestCgroup()
        let (directory, cgroupPath) = (scene.directory, cgroup.directory)
        // The other end of the wire is a peer's pod.
        let prefix = try #require(Prefix("10.1.0.2/32"))
        try inNamespace(scene.node.path) {
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            try dataplane.attach(cgroup: cgroupPath)
            try dataplane.encryption.encrypt(to: prefix)
            try dataplane.attachUplink(try HostInterface(name: "veth0"), by: mechanism)
        }
        #expect(try scene.mark(ofPacketTo: "10.1.0.1") == nil)
        try inNamespace(scene.node.path) {
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            let counts = try dataplane.exitCounters.counts().filter { $0.hook == .tcUplink }
            try equal(counts.contains { $0.reason == .clearFromPeer }, true)
            try equal(try dataplane.encryption.leaveClear(prefix), true)
        }
        #expect(try scene.mark(ofPacketTo: "10.1.0.1") == 0)
    }

    @Test func aQdiscThatWeMadeGoesWhenNothingElseIsInIt() throws {
        var scene = try MarkingScene()
        let directory = scene.directory
        func attach() throws {
            try inNamespace(scene.node.path) {
                let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
                let end = try HostInterface(name: "veth0")
                try dataplane.attachPodMarking(to: end, by: .clsact)
                try dataplane.attachUplink(end, by: .clsact)
            }
        }
        func detach() throws { try inNamespace(scene.node.path) { _ = try Dataplane.detach(from: directory) } }
        try attach()
        #expect(try scene.qdiscs().contains("clsact"))
        try detach()
        #expect(try !scene.qdiscs().contains("clsact"))
        #expect(!FileManager.default.fileExists(atPath: directory.path))
        // Somebody's filter is in it by then.
        try attach()
        try inNamespace(scene.node.path) {
            let end = try HostInterface(name: "veth0")
            _ = try ForeignFilter(.clsact(priority: 1, handle: 1), at: end.index, bit: 0x2_0000)
        }
        try detach()
        #expect(!FileManager.default.fileExists(atPath: directory.path))
        #expect(try scene.mark() == 0x2_0000)
        // It was there before.
        try scene.succeed(
            ["sh", "-c", "tc qdisc del dev veth0 clsact && tc qdisc add dev veth0 clsact"], in: scene.node)
        try attach()
        try detach()
        #expect(try scene.qdiscs().contains("clsact"))
    }

    @Test func anotherFilterInOurPlaceStays() throws {
        var scene = try MarkingScene()
        let directory = scene.directory
        try inNamespace(scene.node.path) {
            let end = try HostInterface(name: "veth0")
            _ = try ForeignFilter(.clsact(priority: ClsactFilter.priority, handle: 0xe0), at: end.index, bit: 0x2_0000)
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            do {
                try dataplane.attachPodMarking(to: end, by: .clsact)
                throw Mismatch(description: "the place was taken")
            } catch let error as LoadError {
                try equal(
                    error, .filterTaken(interface: "veth0", priority: ClsactFilter.priority, handle: 0xe0))
            }
            try equal(try TCAttachment.pinned(in: directory), [])
        }
        #expect(try scene.mark() == 0x2_0000)
    }

    @Test(arguments: mechanisms)
    func anInterfaceThatIsGoneIsForgotten(_ mechanism: TCAttachment.Mechanism) throws {
        var scene = try MarkingScene()
        let (directory, prefix) = (scene.directory, try #require(MarkingScene.peers))
        let held = Held()
        try inNamespace(scene.node.path) {
            let end = try HostInterface(name: "veth0")
            held.index.withLock { $0 = end.index }
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            try dataplane.encryption.encrypt(to: prefix)
            try dataplane.attachPodMarking(to: end, by: mechanism)
        }
        let index = held.index.withLock { $0 }
        // Another takes its number.
        let commands = [
            (scene.node, "ip link del veth0"),
            (scene.node, "ip link add veth0 index \(index) type veth peer name eth0 netns \(scene.pod.path)"),
            (scene.node, "ip link set veth0 up && ip address add 10.1.0.1/24 dev veth0"),
            (
                scene.pod,
                "ip link set eth0 up && ip address add 10.1.0.2/24 dev eth0 && ip route add default via 10.1.0.1"
            ),
        ]
        for (namespace, command) in commands { try scene.succeed(["sh", "-c", command], in: namespace) }
        try inNamespace(scene.node.path) {
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            let pinned = try TCAttachment.pinned(in: directory)
            try equal(try pinned[0].program(in: directory), nil)
            try dataplane.encryption.encrypt(to: prefix)
            try equal(try dataplane.replaceMarking(), [])
            try equal(try TCAttachment.pinned(in: directory), [])
            try equal(
                try dataplane.attachPodMarking(to: try HostInterface(name: "veth0"), by: mechanism).origin, .made)
        }
        #expect(try scene.mark() == 0xe0)
    }

    @Test func podsAndUplinksAreSettled() throws {
        var scene = try MarkingScene()
        let (directory, node, pod) = (scene.directory, scene.node.path, scene.pod.path)
        try scene.succeed(
            ["sh", "-c", "ip link add up0 type veth peer name up1 && ip link set up0 up"], in: scene.node)
        try inNamespace(node) {
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            var marking = PodMarking()
            let log = Log(level: .error)
            let namespace = try NetworkNamespace(path: pod)
            let managed = ManagedPod(namespace: "shop", name: "cart", in: namespace)
            let end = try HostInterface(name: "veth0")
            let uplink = try HostInterface(name: "up0")
            func settle(_ pods: [(pod: ManagedPod, namespace: NetworkNamespace?)], _ uplinks: [String]) throws {
                try marking.settle(pods, uplinks: .named(uplinks), on: dataplane, isThorough: false, log: log)
            }
            func pinned() throws -> [TCAttachment] { try TCAttachment.pinned(in: directory) }
            try settle([(managed, namespace)], ["up0", "up9"])
            let attached = [
                TCAttachment(.pod, Self.mechanisms[0], interfaceIndex: end.index),
                TCAttachment(.uplink, Self.mechanisms[0], interfaceIndex: uplink.index),
            ]
            try equal(try pinned(), attached)
            try equal(marking.markedPodCount, 1)
            try equal(marking.uplinks, ["up0"])
            try equal(marking.problems, ["up9: cannot find the interface up9: No such device"])
            try equal(marking.hasAllUplinks, false)
            // What cannot be looked at stays as it is.
            try settle([(managed, nil)], ["up0"])
            try equal(try pinned(), attached)
            try equal(marking.markedPodCount, 0)
            try equal(marking.hasAllUplinks, true)
            try settle([], ["up0"])
            try equal(try pinned(), [attached[1]])
            try equal(marking.problems, [])
            try settle([(managed, namespace)], [])
            try equal(try pinned(), [attached[0]])
            try equal(marking.hasAllUplinks, false)
            try PodMarking.detachAll(from: directory)
            try equal(try pinned(), [])
        }
    }

    @Test func anUplinkWithoutItsAddressKeepsItsProgram() throws {
        var scene = try MarkingScene()
        let (directory, node) = (scene.directory, scene.node.path)
        try scene.succeed(["sh", "-c", "ip link add up0 type veth peer name up1"], in: scene.node)
        try inNamespace(node) {
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            var marking = PodMarking()
            func settle(_ uplinks: PodMarking.Uplinks) throws -> Int {
                try marking.settle(
                    [], uplinks: uplinks, on: dataplane, isThorough: true, log: Log(level: .error))
                return try TCAttachment.pinned(in: directory).count
            }
            try equal(try settle(.found(["up0"])), 1)
            try equal(try settle(.found([])), 1)
            try equal(marking.hasAllUplinks, false)
            // Another one has the address now.
            try equal(try settle(.found(["veth0"])), 2)
            try equal(try settle(.named(["up0"])), 1)
        }
        try scene.succeed(["sh", "-c", "ip link delete up0"], in: scene.node)
        try inNamespace(node) {
            let dataplane = try Dataplane(MarkingScene.settings(), pins: directory)
            var marking = PodMarking()
            try marking.settle([], uplinks: .found([]), on: dataplane, isThorough: true, log: Log(level: .error))
            try equal(try TCAttachment.pinned(in: directory), [])
        }
    }

    @Test func onlyWhatIsSurelyNotThereIsGone() throws {
        let scene = try MarkingScene()
        try inNamespace(scene.node.path) {
            let end = try HostInterface(name: "veth0")
            try equal(HostInterface.isGone(end.index), false)
            try equal(HostInterface.isGone(4711), true)
            try equal(try HostInterface.end(ofPodInterface: 1, linkedTo: 4711), nil)
        }
    }

    @Test func interfacesAreFoundByTheirAddresses() throws {
        let scene = try MarkingScene()
        let address = try #require(IPAddress("10.1.0.1"))
        try inNamespace(scene.node.path) {
            try equal(try HostInterface.names(having: [address]), ["veth0"])
            try equal(try HostInterface.names(having: [.v4(1)]), [])
        }
    }

    @Test func whatThePeersAreIsReadBack() throws {
        let pins = try TestPinDirectory()
        let dataplane = try Dataplane(MarkingScene.settings(), pins: PinDirectory(pins.path))
        let prefixes = try ["10.1.0.0/24", "10.1.0.0/16", "fd00:1::/64", "0.0.0.0/0", "fd00::7/128"]
            .map { try #require(Prefix($0)) }
        for prefix in prefixes { try dataplane.encryption.encrypt(to: prefix) }
        #expect(Set(try dataplane.encryption.prefixes()) == Set(prefixes))
        for prefix in prefixes { #expect(try dataplane.encryption.leaveClear(prefix)) }
        #expect(try dataplane.encryption.prefixes() == [])
        #expect(try !dataplane.encryption.leaveClear(prefixes[0]))
        let marks = [
            try #require(IPAddress("192.168.0.2")): PacketMark(rawValue: 0x1_00d0),
            try #require(IPAddress("fd00::2")): PacketMark(rawValue: 0x2_00d0),
        ]
        for (address, mark) in marks { try dataplane.encryption.mark(address, as: mark) }
        #expect(try dataplane.encryption.peerMarks() == marks)
        for address in marks.keys { #expect(try dataplane.encryption.forget(address)) }
        #expect(try dataplane.encryption.peerMarks() == [:])
    }
}
