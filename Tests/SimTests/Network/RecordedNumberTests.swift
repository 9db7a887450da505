import Inputs
import Model
import Testing

@testable import Sim

/// Where sequence numbers begin in a network that is made after a real one.
@Suite struct RecordedNumberTests {
    /// Listings are made before or after a capture, and nothing says which.
    @Test func aListingGivesOnlyTheHalfThatPacketsDoNotCarry() throws {
        let text = """
            src 192.168.100.1 dst 192.168.100.2
            \tproto esp spi 0x00000001 reqid 1 mode tunnel
            \treplay-window 64 flag esn
            \taead rfc4106(gcm(aes)) 0x17a1daf5e1012b2e9d2938ed6d2ae7a503ac72bc 128
            \tanti-replay esn context:
            \t seq-hi 0x3, seq 0x2, oseq-hi 0x5, oseq 0x29
            \t replay_window 64, bitmap-length 2
            \t 00000000 00000000
            src 192.168.100.2 dst 192.168.100.1
            \tproto esp spi 0x00000001 reqid 1 mode tunnel
            \treplay-window 32
            \taead rfc4106(gcm(aes)) 0x17a1daf5e1012b2e9d2938ed6d2ae7a503ac72bc 128
            \tanti-replay context: seq 0x2c, oseq 0x2d, bitmap 0xffffffff
            """
        var network = try NetworkScene(.upstream, nodeCount: 1).network
        let refusals = try network.apply(XFRMListing(parsing: text, file: "f"), at: 0)
        #expect(refusals == [])
        let states = network.nodes[0].xfrm.states
        #expect(states.map(\.sequence) == [5 << 32, 0])
        #expect(states.map(\.window.highest) == [3 << 32, 0])
    }

    @Test(arguments: [1, 100, UInt64(UInt32.max) - 5])
    func packetsTellTheNumbersAndWhatIsDrawn(first: UInt64) throws {
        var (original, copy) = (try NetworkScene(.upstream), try NetworkScene(.upstream))
        original.changeStates(of: 0) { ($0.sequence, $0.ivConstant) = (first - 1, 99) }
        let recorded = Self.wire(&original)
        var chance = RecordedChance()
        // Bytes have no padding that could be uninitialized.
        for packet in recorded { chance.see(unsafe packet.span.bytes, isIPv6: false) }
        let notes = chance.give(to: &copy.network)
        let made = Self.wire(&copy)
        #expect(notes == [] && recorded.count == 3 && made == recorded)
    }

    private static func wire(_ scene: inout NetworkScene) -> [[UInt8]] {
        (1...3).flatMap { size in
            scene.carry(NetworkScene.packet { $0.byteCount = 100 * size }).trace.packets(at: .wire)
        }
    }
}
