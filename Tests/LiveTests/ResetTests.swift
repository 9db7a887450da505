import Foundation
import KernelTestSupport
import Model
import Testing

@testable import Live

/// What upstream's XDP program does with user space's denials, as it was recorded, is what ours does.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct ResetTests {
    struct Vector: Decodable {
        struct Entry: Decodable, Hashable {
            var saddr, daddr: String
            var sport, dport: UInt16
            var value: UInt32
        }

        struct Packet: Decodable { var hex: String }

        struct Input: Decodable {
            var auth_res: [Entry]
            var packet: Packet
        }

        struct Result: Decodable {
            var verdict, packet_hex: String
            var auth_res: [Entry]
        }

        struct Expectation: Decodable { var first, second: Result }

        var id: String
        var input: Input
        var expect: Expectation
    }

    private typealias TupleWords = InlineArray<9, UInt32>

    static let vectors: [Vector] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/vectors/xdp-rst.jsonl").standardized
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Vector.self, from: Data($0.utf8)) }
    }()

    @Test func allVectorsAreRead() { #expect(Self.vectors.count == 21) }

    private static func key(_ entry: Vector.Entry) throws -> TupleWords {
        var words = TupleWords(repeating: 0)
        let ports = UInt32(entry.sport) | UInt32(entry.dport) << 16
        let (source, destination) = (
            MapAddress(try #require(IPAddress(entry.saddr))), try #require(IPAddress(entry.daddr))
        )
        if entry.saddr.contains(":") {
            (words[0], words[1], words[2], words[3]) = source.word
            (words[4], words[5], words[6], words[7]) = MapAddress(destination).word
            words[8] = ports
        } else {
            (words[0], words[1], words[2]) = (source.word.0, MapAddress(destination).word.0, ports)
        }
        return words
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// In preset upstream always, in preset hardened when user space is told to decide.
    @Test(arguments: Preset.allCases)
    func aDenialResetsAsUpstreamDoes(_ preset: Preset) throws {
        let run = try IngressScene.run(preset)
        if preset == .hardened { try run.dataplane.openVariables().setUserSpaceDecides(true) }
        let results = try run.map("km_auth_res", capacity: 64, TupleWords.self, UInt32.self)
        for vector in Self.vectors { try Self.check(vector, run, results) }
    }

    private static func check(
        _ vector: Vector, _ run: borrowing PacketRun, _ results: borrowing KernelMap<TupleWords, UInt32>
    ) throws {
        for entry in vector.input.auth_res { try results.update(try key(entry), to: entry.value) }
        for expected in [vector.expect.first, vector.expect.second] {
            // The frame as it came, also the second time.
            let frame = vector.input.packet.hex
            let outcome = try run.run(bytes(frame))
            #expect(expected.verdict == "XDP_PASS" && outcome.isPassed)
            #expect(outcome.bytes == bytes(expected.packet_hex), "\(vector.id)")
            let isReset = expected.packet_hex != frame
            #expect(outcome.reasons == [isReset ? .reset : .noDenial: 1], "\(vector.id)")
            var count = 0
            try results.forEach { _, _ in count += 1 }
            #expect(count == expected.auth_res.count, "\(vector.id)")
            for entry in expected.auth_res { #expect(try results.lookup(try key(entry)) == entry.value) }
        }
        for entry in vector.expect.second.auth_res { try results.delete(key(entry)) }
    }
}
