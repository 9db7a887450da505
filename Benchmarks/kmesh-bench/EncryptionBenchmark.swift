import BenchmarkSupport
import Crypto
import Model

/// One ESP packet after the other under one state, each with its own number and IV.
struct EncryptionBenchmark {
    /// Of an inner packet: one that fills the path, and a small one.
    static let largeByteCount = 1400
    static let smallByteCount = 100

    private let cipher: ESPCipher
    private let spi = SPI(rawValue: 1)

    init() throws {
        guard let key = AEADKey(bytes: (0..<20).map { UInt8($0) }) else { preconditionFailure("20 bytes are a key") }
        cipher = try ESPCipher(key, extendedSequence: false)
    }

    /// Nanoseconds a packet.
    func sealing(byteCount: Int, count: Int) -> Double {
        let inner = [UInt8](repeating: 7, count: byteCount)
        var packet: [UInt8] = []
        return Clock.nanoseconds(per: count) {
            for number in 0..<UInt64(count) {
                // Bytes have no padding that could be uninitialized.
                cipher.seal(
                    unsafe inner.span.bytes, nextHeader: IPProtocol(rawValue: 4), spi: spi, sequence: number,
                    iv: number ^ 0x1234_5678_9abc_def0, into: &packet)
            }
        }
    }

    /// Nanoseconds a packet.
    func opening(byteCount: Int, count: Int) throws -> Double {
        let inner = [UInt8](repeating: 7, count: byteCount)
        var packet: [UInt8] = []
        // Bytes have no padding that could be uninitialized, here and below.
        cipher.seal(
            unsafe inner.span.bytes, nextHeader: IPProtocol(rawValue: 4), spi: spi, sequence: 1, iv: 1, into: &packet)
        var opened: [UInt8] = []
        let time = try Clock.nanoseconds(per: count) {
            for _ in 0..<count { _ = try cipher.open(unsafe packet.span.bytes, into: &opened) }
        }
        precondition(opened == inner, "the packet opens to another one")
        return time
    }

    /// Nanoseconds that `openssl speed` takes for as many bytes: encryption alone, without a packet's header, nonce and
    /// ICV. It counts CPU time, too.
    static func peer(byteCount: Int) throws -> Double {
        let arguments = ["speed", "-evp", "aes-128-gcm", "-bytes", "\(byteCount)", "-seconds", "1"]
        guard let child = ChildProcess("/usr/bin/openssl", arguments), child.isSuccess,
            let word = child.output.split(whereSeparator: \.isWhitespace).last, word.hasSuffix("k"),
            let thousands = Double(word.dropLast())
        else { throw BenchmarkError(message: "openssl speed does not run") }
        return Double(byteCount) / thousands * 1e6
    }
}

extension Suite {
    static func esp(_ rounds: Int) throws -> [Figure] {
        let benchmark = try EncryptionBenchmark()
        let (large, small) = (EncryptionBenchmark.largeByteCount, EncryptionBenchmark.smallByteCount)
        var times: (large: [Double], small: [Double], opened: [Double], peer: [Double]) = ([], [], [], [])
        for _ in 0..<rounds {
            times.large.append(benchmark.sealing(byteCount: large, count: 500_000))
            times.peer.append(try EncryptionBenchmark.peer(byteCount: large))
            times.small.append(benchmark.sealing(byteCount: small, count: 1_000_000))
            times.opened.append(try benchmark.opening(byteCount: large, count: 500_000))
        }
        let ratios = zip(times.large, times.peer).map { $0 / $1 }
        return [
            Figure(
                name: "ESP of \(large) bytes", value: times.large.median, unit: "ns",
                ratio: ("openssl speed", ratios.median, 1 / 0.95)),
            Figure(name: "the same bytes, openssl speed -evp aes-128-gcm", value: times.peer.median, unit: "ns"),
            Figure(name: "ESP of \(small) bytes", value: times.small.median, unit: "ns", target: 500),
            Figure(name: "ESP of \(large) bytes, opened", value: times.opened.median, unit: "ns"),
        ]
    }
}
