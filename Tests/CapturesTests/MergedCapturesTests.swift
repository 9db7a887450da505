import Captures
import Foundation
import Model
import TestSupport
import Testing

/// Several captures as one.
struct MergedCapturesTests {
    private func merged(_ times: [[UInt64]], cut: Set<Int> = []) throws -> (order: [(Int, UInt64)], faults: Int) {
        let scratch = try ScratchDirectory()
        var paths: [String] = []
        for (index, times) in times.enumerated() {
            let packets = times.map { HandMadePacket(timestamp: $0, bytes: [UInt8(index), UInt8($0 & 0xff)]) }
            let bytes = HandMadePCAP(isNanoseconds: true, packets: packets).bytes
            paths.append("\(scratch.path)/\(index).pcap")
            try Data(cut.contains(index) ? bytes.dropLast() : bytes).write(to: URL(fileURLWithPath: paths[index]))
        }
        var captures = try MergedCaptures(paths: paths)
        var order: [(Int, UInt64)] = []
        while let (capture, record) = captures.next() {
            order.append((capture, record.timestamp))
            let bytes = captures.withBytes(of: record) { $0.array }
            #expect(bytes == [UInt8(capture), UInt8(record.timestamp & 0xff)])
        }
        #expect(captures.next() == nil)
        #expect(captures.progress.map { $0.byteCount == $0.of } == true)
        return (order, captures.faults.count)
    }

    private func expect(_ found: [(Int, UInt64)], _ wanted: [(Int, UInt64)]) {
        #expect(found.map(\.0) == wanted.map(\.0) && found.map(\.1) == wanted.map(\.1), "\(found)")
    }

    @Test func recordsComeInTheOrderOfTime() throws {
        expect(try merged([[1, 4, 5], [2, 3, 9]]).order, [(0, 1), (1, 2), (1, 3), (0, 4), (0, 5), (1, 9)])
    }

    @Test func equalTimesGoByTheOrderOfTheCaptures() throws {
        expect(try merged([[5, 5], [5], [4, 5]]).order, [(2, 4), (0, 5), (0, 5), (1, 5), (2, 5)])
    }

    @Test func aCapturesOwnOrderIsKeptWhereItsTimesGoBack() throws {
        expect(try merged([[1, 7, 2, 8], [6, 7]]).order, [(0, 1), (1, 6), (0, 7), (0, 2), (1, 7), (0, 8)])
    }

    @Test func anEmptyCaptureAndNoneAtAllAreFine() throws {
        expect(try merged([[], [1]]).order, [(1, 1)])
        expect(try merged([[]]).order, [])
        #expect(try MergedCaptures(paths: []).count == 0)
    }

    @Test func aCaptureThatBreaksOffLeavesTheOthersAlone() throws {
        let (order, faults) = try merged([[1, 3], [2, 4]], cut: [0])
        expect(order, [(0, 1), (1, 2), (1, 4)])
        #expect(faults == 1)
    }

    @Test func aCaptureThatCannotBeOpenedIsTold() throws {
        let scratch = try ScratchDirectory()
        let good = "\(scratch.path)/good.pcap"
        try Data(HandMadePCAP().bytes).write(to: URL(fileURLWithPath: good))
        #expect(throws: CaptureError.self) { _ = try MergedCaptures(paths: [good, "\(scratch.path)/none", good]) }
    }

    /// Against a sort that keeps the order of equals, of captures whose times never go back.
    @Test func mergingIsAStableSort() throws {
        try forEachSeed(count: 30) { seed in
            var random = SplitMix64(seed: seed)
            let times = (0..<1 + random.below(4)).map { _ in
                (0..<random.below(20)).map { _ in UInt64(random.below(30)) }.sorted()
            }
            let all = times.enumerated().flatMap { index, times in times.map { (index, $0) } }
            expect(try merged(times).order, all.sorted { ($0.1, $0.0) < ($1.1, $1.0) })
        }
    }
}
