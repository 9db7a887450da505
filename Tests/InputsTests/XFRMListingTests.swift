import Inputs
import Model
import TestSupport
import Testing

private let key1 = "0x17a1daf5e1012b2e9d2938ed6d2ae7a503ac72bc"

private func listing(_ text: String) throws -> XFRMListing { try XFRMListing(parsing: text, file: "f") }

@Test(arguments: Recordings.names)
func listingsOfRecordingsAreReadWhole(recording: String) throws {
    for node in ["A", "B"] {
        let listing = try XFRMListing(parsing: Recordings.text(recording, "\(node).xfrm.txt"), file: node)
        #expect(listing.notes.isEmpty && listing.foreignStates.isEmpty)
        #expect(listing.states.count == 2)
        #expect(Set(listing.policies.map(\.direction)) == [.in, .out, .fwd] && listing.policies.count == 3)
        #expect(listing.states.count { $0.state.outputMark == .decrypted } == 1)
    }
}

@Test func aStateIsReadWithAllThatCounts() throws {
    let listing = try listing(
        """
        src fd00::1 dst fd00::2
        \tproto esp spi 0x000000ff(255) reqid 7(0x00000007) mode tunnel
        \treplay-window 0 seq 0x00000000 flag af-unspec esn (0x90)
        \tmark 0x1/0xf\u{20}
        \toutput-mark 0xd0/0xffffffff
        \taead rfc4106(gcm(aes)) \(key1) (160 bits) 64
        \tencap type espinudp sport 4500 dport 4501 addr 0.0.0.0
        \tlastused 2026-11-21 01:15:38
        \tanti-replay esn context:
        \t seq-hi 0x1, seq 0x2, oseq-hi 0x0, oseq 0x29
        \t replay_window 128, bitmap-length 4
        \t 00000000 00000000 00000000 00000000\u{20}
        \tsel src ::/0 dst ::/0\u{20}
        """.replacing("replay-window 0", with: "replay-window 128"))
    let state = try #require(listing.states.first)
    let bytes = [UInt8](repeating: 0, count: 20)
    var expected = XFRMState(
        source: try #require(IPAddress("fd00::1")), destination: try #require(IPAddress("fd00::2")),
        spi: SPI(rawValue: 255), requestID: 7, key: try #require(AEADKey(bytes: bytes, icvByteCount: 8)),
        mark: MarkSelector(value: 1, mask: 15), outputMark: .decrypted, replayWindow: 128, hasExtendedSequence: true,
        takesEitherFamily: true, encapsulation: UDPEncapsulation(destinationPort: 4501))
    expected.key = state.state.key
    #expect(state.state == expected && state.state.key.icvByteCount == 8)
    #expect(Digits.hexadecimal(state.state.key.bytes) == key1.dropFirst(2))
    #expect(state.received == 0x1_0000_0002 && state.sent == 0x29)
    #expect(listing.notes.isEmpty)
}

@Test func blockPoliciesAndPrioritiesAreRead() throws {
    let listing = try listing(
        """
        src 0.0.0.0/0 dst 10.244.2.0/24 uid 0
        \tdir in action block index 8 priority 5 (0x00000005) share any flag  (0x00000000)
        \tlifetime config:
        \t  limit: soft (INF)(bytes), hard (INF)(bytes)
        \tlifetime current:
        \t  0(bytes), 0(packets)
        \t  add 2026-11-21 01:15:38 use -
        src 0.0.0.0/0 dst 10.244.1.0/24
        \tdir out priority 0 ptype main
        \tmark 0xe0/0xffffffff
        \ttmpl src 0.0.0.0 dst 192.168.100.2
        \t\tproto esp spi 0x00000000(0) reqid 1(0x00000001) mode tunnel
        \t\tlevel required share any
        \t\tenc-mask ffffffff auth-mask ffffffff comp-mask ffffffff
        """)
    #expect(listing.notes.isEmpty && listing.policies.count == 2)
    #expect(listing.policies[0].action == .block && listing.policies[0].priority == 5)
    let template = XFRMPolicy.Template(source: .anyV4, destination: try #require(IPAddress("192.168.100.2")))
    #expect(listing.policies[1].templates == [template])
}

/// Key daemons give the first kind to their own sockets.
@Test func policiesForSomePacketsOnlyAreLeftOut() throws {
    let listing = try listing(
        """
        src ::/0 dst ::/0
        \tsocket out priority 0 ptype main
        src 10.0.0.1/32 dst 10.0.0.2/32 proto tcp dport 80
        \tdir out priority 0
        \ttmpl src 0.0.0.0 dst 0.0.0.0
        \t\tproto ah reqid 1 mode transport
        src 0.0.0.0/0 dst 10.244.2.0/24
        \tdir in action block priority 0 ptype main
        """)
    #expect(listing.policies.map(\.action) == [.block])
    let note = InputNote("f", Position(line: 3, column: 33), "left out: a policy for proto tcp dport 80 only")
    #expect(listing.notes == [note])
}

@Test func statesOfOtherAlgorithmsAreTold() throws {
    let listing = try listing(
        """
        src 10.0.0.1 dst 10.0.0.2
        \tproto esp spi 0x00000001 reqid 1 mode tunnel
        \treplay-window 32\u{20}
        \tauth-trunc hmac(sha256) 0x00 (8 bits) 128
        \tenc cbc(aes) 0x00 (8 bits)
        src 10.0.0.1 dst 10.0.0.2
        \tproto ah spi 0x00000002 reqid 1 mode transport
        \tsomething new
        """)
    #expect(listing.states.isEmpty)
    #expect(
        listing.foreignStates.map(\.reason) == ["auth-trunc hmac(sha256) and enc cbc(aes)", "protocol ah"])
    #expect(listing.notes == [InputNote("f", Position(line: 8, column: 2), "left out: something new")])
}

struct WrongText: CustomTestStringConvertible {
    let testDescription: String
    var text: String
    var line: Int
    var column: Int
    var message: String
}

private func state(_ lines: String...) -> String {
    (["src 10.0.0.1 dst 10.0.0.2", "\tproto esp spi 0x00000001 reqid 1 mode tunnel"] + lines).joined(separator: "\n")
}

@Test(arguments: [
    WrongText(
        testDescription: "an indented line without a beginning", text: "\tproto esp", line: 1, column: 2,
        message: "that is not indented"),
    WrongText(testDescription: "another first word", text: "dst a", line: 1, column: 1, message: "begins with src"),
    WrongText(testDescription: "no address", text: "src a", line: 1, column: 5, message: "src must be an address"),
    WrongText(
        testDescription: "a heading alone", text: "src 10.0.0.1 dst 10.0.0.2\n", line: 1, column: 1, message: "neither"),
    WrongText(
        testDescription: "a number that is none", text: state("\treplay-window x"), line: 3, column: 16,
        message: "must be a number up to 4294967295"),
    WrongText(
        testDescription: "too large a window", text: state("\treplay-window 5000"), line: 3, column: 16,
        message: "at most 4096"),
    WrongText(
        testDescription: "a hidden key", text: state("\taead rfc4106(gcm(aes)) <<Keys hidden>> 128"), line: 3,
        column: 25, message: "without nokeys"),
    WrongText(
        testDescription: "a short key", text: state("\taead rfc4106(gcm(aes)) 0x0011 128"), line: 3, column: 25,
        message: "20, 28 or 36 bytes"),
    WrongText(
        testDescription: "half a byte", text: state("\taead rfc4106(gcm(aes)) 0x001 128"), line: 3, column: 25,
        message: "an even number"),
    WrongText(
        testDescription: "an ICV that does not exist", text: state("\taead rfc4106(gcm(aes)) \(key1) 100"), line: 3,
        column: 68, message: "64, 96 or 128 bits"),
    WrongText(
        testDescription: "extended numbers without a window",
        text: state("\treplay-window 0 flag esn", "\taead rfc4106(gcm(aes)) \(key1) 128"), line: 1, column: 1,
        message: "needs a replay-window"),
    WrongText(
        testDescription: "a direction that is none", text: "src ::/0 dst ::/0\n\tdir up", line: 2, column: 6,
        message: "in, out or fwd"),
    WrongText(
        testDescription: "a template of another protocol",
        text: "src ::/0 dst ::/0\n\tdir out\n\ttmpl src ::1 dst ::2\n\t\tproto ah", line: 4, column: 9,
        message: "must be esp"),
])
func whatIsWrongInAListingIsToldWithItsPlace(_ wrong: WrongText) throws {
    let error = try #require(throws: InputError.self) { try listing(wrong.text) }
    #expect(error.position == Position(line: wrong.line, column: wrong.column), "\(error)")
    #expect(error.message.contains(wrong.message), "\(error)")
}
