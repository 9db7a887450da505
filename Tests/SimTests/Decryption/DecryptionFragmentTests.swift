import Model
import TestSupport
import Testing

@testable import Sim

struct DecryptionFragmentTests {
    private let scene = DecryptionScene()

    /// Fragments in every order give the same.
    @Test func fragmentsArePutTogetherInAnyOrder() throws {
        let parts = try scene.fragments(scene.esp(1, inner: [UInt8](repeating: 9, count: 200)), .esp)
        #expect(parts.count == 3)
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 1, 0, 2]] {
            let report = try decrypt(order.map { parts[$0] }, scene.plan)
            #expect(report[.decrypted] == 1 && report[.fragment] == UInt64(order.count - 1), "\(order)")
            #expect(report.packetCount == UInt64(order.count))
        }
        let report = try decrypt([parts[0], parts[2]], scene.plan)
        #expect(report[.incomplete] == 2 && report.packetCount == 2 && !report.isSuccess)
        // One that says other bytes than those that are there is passed over, as by Linux.
        var lie = parts[1]
        lie[lie.count - 1] ^= 1
        #expect(try decrypt([parts[0], parts[1], lie, parts[2]], scene.plan)[.decrypted] == 1)
    }

    @Test func whatTheCaptureCutsOffAFragmentIsNotJudged() throws {
        let parts = try scene.fragments(scene.esp(1, inner: [UInt8](repeating: 9, count: 200)), .esp)
        let report = try decrypt([parts[0], Array(parts[1].dropLast(4)), parts[2]], scene.plan, isCut: true)
        #expect(report[.cut] == 1 && report.packetCount == 3 && report[.badICV] == 0)
    }

    @Test func memoryForFragmentsIsBounded() throws {
        let whole = [UInt8](repeating: 1, count: 24)
        let frames = try (0..<1000).map { try scene.fragments(whole, .esp, size: 8, identification: $0)[1] }
        #expect(try decrypt(frames, scene.plan)[.incomplete] == 1000)
    }

    /// In front of the fragment header and behind it, as RFC 8200 allows it.
    @Test(arguments: [false, true]) func headersAroundAFragmentHeaderAreSteppedOver(isBehind: Bool) throws {
        let scene = DecryptionScene(family: .v6)
        let esp = try scene.esp(1, inner: [UInt8](repeating: 9, count: 200))
        let options: [UInt8] = [IPProtocol.esp.rawValue, 0, 1, 4, 0, 0, 0, 0]
        var parts = try isBehind ? scene.fragments(options + esp, .destinationOptions) : scene.fragments(esp, .esp)
        for index in parts.indices {
            // Hop-by-hop options in front.
            parts[index].insert(contentsOf: [IPProtocol.fragment.rawValue, 0, 1, 4, 0, 0, 0, 0], at: 14 + 40)
            parts[index][14 + 6] = IPProtocol.hopByHop.rawValue
            parts[index].replaceSubrange(18..<20, with: DecryptionScene.bytes(UInt16(parts[index].count - 54)))
        }
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let report = try decrypt(order.map { parts[$0] }, scene.plan)
            #expect(report[.decrypted] == 1 && report[.fragment] == 2 && report.isSuccess, "\(order)")
        }
    }

    /// Only the first fragment has the ports.
    @Test func fragmentsOfOtherUDPPacketsBetweenNodesAreNoFailure() throws {
        let data = [UInt8](repeating: 7, count: 200)
        let plain = try scene.fragments(scene.udp(data, from: 5000, to: 5001), .udp)
        for order in [[0, 1, 2], [2, 0, 1], [0], [2], [0, 2], [1, 2]] {
            let report = try decrypt(order.map { plain[$0] }, scene.plan)
            #expect(report[.clear] == UInt64(order.count) && report.packetCount == UInt64(order.count), "\(order)")
        }
    }

    @Test func fragmentsOfESPInUDPThatMissSomethingAreAFailure() throws {
        for port: UInt16 in [4500, 4501] {
            let scene = DecryptionScene(port: port)
            let esp = try scene.esp(1, inner: [UInt8](repeating: 9, count: 200))
            let parts = try scene.fragments(scene.udp(esp, from: 1024, to: port), .udp)
            let whole = try decrypt([parts[1], parts[2], parts[0]], scene.plan)
            #expect(whole[.decrypted] == 1 && whole[.fragment] == 2)
            #expect(try decrypt([parts[2], parts[0]], scene.plan)[.incomplete] == 2)
            // Between the ends of a state of ESP in UDP, what lacks its ports counts as that.
            #expect(try decrypt([parts[2]], scene.plan)[.incomplete] == 1)
        }
    }
}
