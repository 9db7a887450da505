import Crypto
import Inputs
import Model
import TestSupport
import Testing

@testable import Sim

/// The recordings of a Debian kernel: what their notes say is what is found.
struct DecryptionRecordingTests {
    /// What of a capture is not plainly decrypted.
    struct Expected: CustomTestStringConvertible {
        var recording: String
        var capture = "underlay.pcap"
        var decrypted: UInt64
        var other: [DecryptionReport.Kind: UInt64] = [:]

        var testDescription: String { "\(recording)/\(capture)" }
    }

    static let expected: [Expected] = [
        Expected(recording: "basic4", decrypted: 82),
        // Fragments, and an ICMP error of the node itself.
        Expected(recording: "headers4", decrypted: 92, other: [.fragment: 6, .quote: 1]),
        Expected(recording: "nomark", decrypted: 0, other: [.leak: 18]),
        Expected(recording: "replay_w0", decrypted: 91),
        // Played back by hand: numbers 1 and 3 again, 1 again later, a changed byte, number 1000, a cut packet.
        Expected(
            recording: "replay_w0", capture: "underlay_pb.pcap", decrypted: 91,
            other: [.replay: 3, .badICV: 2, .malformedESP: 1]),
        Expected(recording: "replay_w32", decrypted: 88),
        Expected(
            recording: "replay_w32", capture: "underlay_pb.pcap", decrypted: 88,
            other: [.replay: 3, .badICV: 2, .malformedESP: 1]),
        Expected(recording: "rotation", decrypted: 394),
        Expected(recording: "v6in6", decrypted: 62),
        Expected(recording: "wrongkey", decrypted: 3),
    ]

    @Test(arguments: expected)
    func everyPacketIsWhatTheNotesSay(_ expected: Expected) throws {
        let files = try ["commands.txt", "A.xfrm.txt", "B.xfrm.txt"].map { name in
            (name, try EncryptionFile(parsing: Recordings.text(expected.recording, name), file: name))
        }
        let report = try decrypt(
            Recordings.frames(expected.recording, expected.capture), DecryptionPlan(files: files, nodes: []))
        #expect(report[.decrypted] == expected.decrypted)
        for kind in DecryptionReport.Kind.allCases where kind != .decrypted {
            #expect(report[kind] == expected.other[kind] ?? 0, "\(kind)")
        }
        #expect(report.packetCount == UInt64(try Recordings.frames(expected.recording, expected.capture).count))
        #expect(report.associations.allSatisfy { $0.numbers.first == 1 && $0.numbers.gaps.isEmpty })
    }

    /// `ip -s xfrm state` counts inner packets with the outer header of 20 bytes.
    @Test func bytesAndPacketsAreThoseThatLinuxCounted() throws {
        let listing = try EncryptionFile(parsing: Recordings.text("basic4", "A.xfrm.txt"), file: "A")
        let report = try decrypt(
            Recordings.frames("basic4", "underlay.pcap"), DecryptionPlan(files: [("A", listing)], nodes: []))
        let sent = try #require(report.associations.first { $0.destination == IPAddress("192.168.100.2") })
        #expect(sent.packetCount == 41 && sent.byteCount == 22844)
    }

    /// On a node's own interface the decrypted packet is seen a second time.
    @Test func whatWasDecryptedJustBeforeIsNoLeak() throws {
        let listing = try EncryptionFile(parsing: Recordings.text("basic4", "A.xfrm.txt"), file: "A")
        for node in ["nodeA", "nodeB"] {
            let report = try decrypt(
                Recordings.frames("basic4", "\(node)_eth0.pcap"), DecryptionPlan(files: [("A", listing)], nodes: []))
            #expect(report.isSuccess && report[.copy] > 30 && report[.decrypted] == 82)
        }
    }

    @Test func underTheReceiversWrongKeyEveryICVIsWrong() throws {
        let listing = try EncryptionFile(parsing: Recordings.text("wrongkey", "B.xfrm.txt"), file: "B")
        let report = try decrypt(
            Recordings.frames("wrongkey", "underlay.pcap"), DecryptionPlan(files: [("B", listing)], nodes: []))
        #expect(report[.badICV] == 3 && report.packetCount == 3)
        let both = try ["A.xfrm.txt", "B.xfrm.txt"].map { name in
            (name, try EncryptionFile(parsing: Recordings.text("wrongkey", name), file: name))
        }
        let plan = try DecryptionPlan(files: both, nodes: [])
        #expect(plan.notes.contains { $0.text.contains("another key for 192.168.100.1 → 192.168.100.2") })
    }
}

/// Decrypts Ethernet frames, encrypting each again.
private func decrypt(_ frames: [[UInt8]], _ plan: DecryptionPlan, isCut: Bool = false) throws -> DecryptionReport {
    var decryption = Decryption(plan, verifies: true)
    for (index, frame) in frames.enumerated() {
        // Bytes have no padding that could be uninitialized.
        let bytes = unsafe frame.span.bytes
        let header = try EthernetHeader(parsing: bytes)
        let place = DecryptionReport.Place(number: UInt64(index + 1))
        if [.ipv4, .ipv6].contains(header.etherType) {
            try decryption.take(
                bytes.extracting(droppingFirst: header.byteCount), header.etherType, at: place, isCut: isCut)
        } else {
            decryption.takeOther()
        }
    }
    return decryption.finished()
}

/// Packets made for the purpose, between 10.0.0.1 and 10.0.0.2.
struct DecryptionPacketTests {
    private static let key = AEADKey(bytes: Array(1...20))

    private func state(esn: Bool = false) throws -> XFRMState {
        XFRMState(
            source: try #require(IPAddress("10.0.0.1")), destination: try #require(IPAddress("10.0.0.2")),
            spi: SPI(rawValue: 5), key: try #require(Self.key), replayWindow: esn ? 64 : 0, hasExtendedSequence: esn)
    }

    private func plan(esn: Bool = false, highest: UInt64 = 0) throws -> DecryptionPlan {
        let text = """
            src 10.0.0.1 dst 10.0.0.2
            \tproto esp spi 0x00000005 reqid 1 mode tunnel
            \treplay-window \(esn ? "64 flag esn" : "0")
            \taead rfc4106(gcm(aes)) 0x\(Digits.hexadecimal(Array(1...20))) 128
            \tanti-replay esn context:
            \t seq-hi 0x\(String(highest >> 32, radix: 16)), seq 0x0, oseq-hi 0x0, oseq 0x0
            src 10.0.0.1 dst 10.0.0.2
            \tproto esp spi 0x00000006 reqid 1 mode tunnel
            \tenc cbc(aes) 0x00
            """
        return try DecryptionPlan(
            files: [("f", EncryptionFile(parsing: text, file: "f"))], nodes: [],
            podPrefixes: [try #require(Prefix("10.244.1.0/24")), try #require(Prefix("10.244.2.0/24"))])
    }

    private func builder() throws -> PacketBuilder {
        PacketBuilder(
            PacketFlow(
                source: try #require(SocketAddress("10.0.0.1:1")),
                destination: try #require(SocketAddress("10.0.0.2:1"))))
    }

    private func esp(_ sequence: UInt64, esn: Bool = false, byteCount: Int = 40) throws -> [UInt8] {
        let cipher = try ESPCipher(state(esn: esn).key, extendedSequence: esn)
        var packet: [UInt8] = []
        let inner = [UInt8](repeating: 9, count: byteCount)
        // Bytes have no padding that could be uninitialized.
        cipher.seal(
            unsafe inner.span.bytes, nextHeader: IPProtocol(rawValue: 4), spi: SPI(rawValue: 5), sequence: sequence,
            iv: sequence, into: &packet)
        return packet
    }

    private func udp(_ contents: [UInt8], port: UInt16 = 4500) -> [UInt8] {
        let length = UInt16(8 + contents.count)
        return [UInt8(port >> 8), UInt8(port & 0xff), 0x11, 0x94, UInt8(length >> 8), UInt8(length & 0xff), 0, 0]
            + contents
    }

    @Test func espInUDPIsToldFromKeepalivesAndKeyExchange() throws {
        let builder = try builder()
        let contents = [try esp(1), [0xff], [0, 0, 0, 0, 1, 2], try esp(2)]
        let frames = contents.map { builder.frame(carrying: .udp, udp($0)) }
        let report = try decrypt(frames, plan())
        #expect(report[.decrypted] == 2 && report[.keepalive] == 1 && report[.keyExchange] == 1)
        let other = try decrypt([builder.frame(carrying: .udp, [0, 53, 0, 53, 0, 9, 0, 0, 7])], plan())
        #expect(other[.clear] == 1)
    }

    @Test func gapsAreToldAndLatePacketsFillThem() throws {
        let builder = try builder()
        let frames = try [3, 4, 9, 6, 12, 10].map { builder.frame(carrying: .esp, try esp($0)) }
        let report = try decrypt(frames, plan())
        let state = try #require(report.associations.first)
        #expect(state.numbers.first == 3 && state.numbers.last == 12)
        #expect(state.numbers.gaps == [5...5, 7...8, 11...11] && report.isSuccess)
    }

    @Test func extendedNumbersAreFollowedAcrossTheirLowHalf() throws {
        let builder = try builder()
        let start: UInt64 = 0x3_ffff_fff0
        let frames = try (start...start + 32).map { builder.frame(carrying: .esp, try esp($0, esn: true)) }
        let report = try decrypt(frames, plan(esn: true, highest: 4 << 32))
        #expect(report[.decrypted] == 33)
        #expect(report.associations.first?.numbers.ranges == [start...start + 32])
    }

    @Test func unknownAndUnsupportedStatesAreToldApart() throws {
        let builder = try builder()
        let unknown = [0, 0, 0, 9] + (try esp(1)).dropFirst(4)
        let foreign = [0, 0, 0, 6] + (try esp(1)).dropFirst(4)
        let report = try decrypt([unknown, foreign].map { builder.frame(carrying: .esp, $0) }, plan())
        #expect(report[.unknownSPI] == 1 && report[.foreign] == 1)
        #expect(report.strangers.map(\.reason) == [nil, "enc cbc(aes)"])
    }

    @Test func whatTheCaptureCutsOffIsNotJudged() throws {
        let frame = try builder().frame(carrying: .esp, esp(1))
        let report = try decrypt([Array(frame.dropLast(4)), frame], plan(), isCut: true)
        #expect(report[.cut] == 1 && report[.decrypted] == 1)
        // The same without a snap length that explains it.
        #expect(try decrypt([Array(frame.dropLast(4))], plan())[.malformedESP] == 1)
    }

    /// Fragments in every order give the same.
    @Test func fragmentsArePutTogetherInAnyOrder() throws {
        let whole = try esp(1, byteCount: 200)
        let parts = stride(from: 0, to: whole.count, by: 96).map { start in
            fragment(Array(whole[start..<min(start + 96, whole.count)]), at: start, isLast: start + 96 >= whole.count)
        }
        #expect(parts.count == 3)
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 1, 0, 2]] {
            let report = try decrypt(order.map { parts[$0] }, plan())
            #expect(report[.decrypted] == 1 && report[.fragment] == UInt64(order.count - 1), "\(order)")
            #expect(report.packetCount == UInt64(order.count))
        }
        let report = try decrypt([parts[0], parts[2]], plan())
        #expect(report[.incomplete] == 2 && report.packetCount == 2 && !report.isSuccess)
        // One that says other bytes than those that are there.
        var lie = parts[1]
        lie[lie.count - 1] ^= 1
        #expect(try decrypt([parts[0], parts[1], lie, parts[2]], plan())[.incomplete] == 4)
    }

    private func fragment(_ data: [UInt8], at offset: Int, isLast: Bool) -> [UInt8] {
        let total = 20 + data.count
        let place = UInt16(offset / 8) | (isLast ? 0 : 0x2000)
        let header: [UInt8] = [
            0x45, 0, UInt8(total >> 8), UInt8(total & 0xff), 0, 7, UInt8(place >> 8), UInt8(place & 0xff), 64, 50, 0, 0,
            10, 0, 0, 1, 10, 0, 0, 2,
        ]
        return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0] + header + data
    }

    @Test func memoryForFragmentsIsBounded() throws {
        var frames: [[UInt8]] = []
        for identification in 0..<1000 {
            var frame = fragment([1, 2, 3, 4, 5, 6, 7, 8], at: 8, isLast: false)
            frame[14 + 4] = UInt8(identification >> 8)
            frame[14 + 5] = UInt8(identification & 0xff)
            frames.append(frame)
        }
        #expect(try decrypt(frames, plan())[.incomplete] == 1000)
    }

    @Test func packetsBetweenPodsOfOneNodeAreNoLeaks() throws {
        func frame(_ source: String, _ destination: String) throws -> [UInt8] {
            let flow = PacketFlow(
                source: try #require(SocketAddress(source)), destination: try #require(SocketAddress(destination)))
            return PacketBuilder(flow).frame
        }
        let frames = [
            try frame("10.244.1.2:1", "10.244.1.3:80"), try frame("10.244.1.2:1", "10.244.2.3:80"),
            try frame("10.244.1.2:1", "8.8.8.8:80"), try frame("10.0.0.1:1", "10.244.2.3:80"),
        ]
        let report = try decrypt(frames, plan())
        #expect(report[.leak] == 1 && report[.clear] == 3)
        #expect(report.leaks.first?.first.number == 2 && report.leaks.first?.packetCount == 1)
    }

    /// A hostile capture gives failures, never a trap.
    @Test func noPacketIsFatal() throws {
        try forEachSeed(count: 30) { seed in
            var random = SplitMix64(seed: seed)
            let good = try builder().frame(carrying: random.isOneIn(2) ? .esp : .udp, esp(1))
            var frames: [[UInt8]] = []
            for _ in 0..<200 {
                var frame = good
                for _ in 0...random.below(4) {
                    frame[14 + random.below(frame.count - 14)] = UInt8(truncatingIfNeeded: random.next())
                }
                frames.append(Array(frame.prefix(14 + random.below(frame.count - 13))))
            }
            let report = try decrypt(frames, plan(), isCut: random.isOneIn(2))
            #expect(report.packetCount == 200, "seed \(seed)")
        }
    }
}

struct DecryptionPlanTests {
    @Test func aKeyFileWithNodeInfosHasTheStatesOfAllPairs() throws {
        let spi = SPI(rawValue: 1)
        let key = EncryptionKey(spi: spi, key: try #require(AEADKey(bytes: Array(1...20))))
        let nodes = try (1...3).map { number in
            Node(
                "n\(number)",
                encryption: NodeEncryption(
                    spi: spi, addresses: [try #require(IPAddress("10.0.0.\(number)"))],
                    bootID: "550e8400-e29b-41d4-a716-44665544000\(number)",
                    podPrefixes: [try #require(Prefix("10.244.\(number).0/24"))]))
        }
        let plan = try DecryptionPlan(files: [("k", .key(key))], nodes: nodes)
        #expect(plan.associations.count == 6 && Set(plan.associations.map(\.key)).count == 6)
        #expect(plan.knowsPodPrefixes)
        #expect(throws: InputError.self) { try DecryptionPlan(files: [("k", .key(key))], nodes: [nodes[0]]) }
    }
}

struct SequenceSetTests {
    @Test func rangesAreThoseOfASet() throws {
        forEachSeed(count: 100) { seed in
            var random = SplitMix64(seed: seed)
            var (set, plain) = (SequenceSet(), Set<UInt64>())
            for _ in 0..<200 {
                let number = UInt64(random.below(150))
                let (isNew, isNewInSet) = (set.insert(number), plain.insert(number).inserted)
                #expect(isNew == isNewInSet)
            }
            #expect(set.ranges.flatMap(Array.init) == plain.sorted(), "seed \(seed)")
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
        }
    }

    @Test func memoryIsBounded() {
        var set = SequenceSet()
        for number in UInt64(0)..<20_000 { _ = set.insert(number * 2) }
        #expect(set.ranges.count == SequenceSet.rangeLimit)
        #expect(set.gaps.reduce(0) { $0 + UInt64($1.count) } + set.forgottenCount == 19_999)
        #expect(set.first == 0 && set.last == 39_998)
    }
}
