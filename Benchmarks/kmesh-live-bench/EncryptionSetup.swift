import BenchmarkSupport
import Crypto
import Live
import Model

/// A node's agent among a thousand others: what it takes to set up encryption with all of them, and to follow one of
/// them. Keys are derived, and the kernel is told in a network namespace of its own. A kernel without ESP refuses the
/// states once it has read them; policies are set.
enum EncryptionSetup {
    private static let nodeCount: UInt32 = 1000

    static func figures(rounds: Int) throws -> [Figure] {
        var (whole, single): ([Double], [Double]) = ([], [])
        for _ in 0..<min(rounds, 5) {
            let socket = try XFRMSocket.inNewNamespace()
            guard let key = AEADKey(bytes: (0..<36).map { UInt8($0) }) else {
                preconditionFailure("36 bytes are a key")
            }
            var controller = EncryptionController(
                node: "node-1", local: info(1), key: EncryptionKey(spi: SPI(rawValue: 1), key: key), options: .hardened)
            var held = EncryptionHoldings()
            whole.append(
                Clock.nanoseconds(per: 1_000_000) {
                    for number in 2...nodeCount { controller.take(info(number), of: "node-\(number)") }
                    settle(&controller, &held, socket, isThorough: true)
                })
            for number in 2..<22 as Range<UInt32> {
                single.append(
                    Clock.nanoseconds(per: 1_000_000) {
                        // It was started anew: all its keys are others.
                        controller.take(info(number, boot: 2), of: "node-\(number)")
                        settle(&controller, &held, socket, isThorough: false)
                    })
            }
        }
        return [
            Figure(name: "encryption with 1,000 nodes", value: whole.median, unit: "ms", target: 2000),
            Figure(name: "the change of one of them", value: single.median, unit: "ms", target: 5),
        ]
    }

    private static func settle(
        _ controller: inout EncryptionController, _ held: inout EncryptionHoldings, _ socket: borrowing XFRMSocket,
        isThorough: Bool
    ) {
        for step in controller.steps(from: held, isThorough: isThorough, digest: { SHA512.digest(of: $0) }) {
            if case .xfrm(let change) = step { try? socket.apply(change) }
            held.apply(step)
        }
    }

    private static func info(_ number: UInt32, boot: Int = 1) -> NodeEncryption {
        let pods = Prefix(.v4(0x0a40_0000 + number << 8), length: 24)
        return NodeEncryption(
            spi: SPI(rawValue: 1), addresses: [.v4(0xc0a8_0000 + number)],
            bootID: "550e8400-e29b-41d4-a716-4466\(boot)544\(1000 + number)", podPrefixes: pods.map { [$0] } ?? [],
            hasExtendedSequence: true)
    }
}
