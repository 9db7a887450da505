import KernelTestSupport
import Model
import TestSupport
import Testing

@testable import Live

/// Views at random, and what a plain reading of them says.
@Suite(.serialized, .enabled(if: KernelPrivilege.isAvailable, "\(KernelPrivilege.absence)"))
struct IngressEvaluationTests {
    private static func range<Value: FixedWidthInteger>(
        _ most: Value, using generator: inout SplitMix64
    ) -> ClosedRange<Value>? {
        guard generator.next() % 3 > 0 else { return nil }
        let (a, b) = (Value(generator.next() % UInt64(most)), Value(generator.next() % UInt64(most)))
        return min(a, b)...max(a, b)
    }

    private static func alternatives(_ most: UInt64, using generator: inout SplitMix64) -> [Alternative] {
        (0..<generator.next() % (most + 1)).map { _ in
            Alternative(
                identities: range(8, using: &generator), sources: range(8, using: &generator),
                sources6: range(8, using: &generator), ports: range(8, using: &generator))
        }
    }

    @Test func aViewIsReadAsItStands() throws {
        try forEachSeed(count: 8) { seed in
            var generator = SplitMix64(seed: seed)
            // Now and then more than fit into one row.
            let most: UInt64 = generator.next() % 4 == 0 ? 700 : 6
            var view = HandMadeView(
                deny: Self.alternatives(most, using: &generator).filter { _ in generator.next() % 2 == 0 },
                allow: Self.alternatives(most, using: &generator))
            view.hasAllow = !view.allow.isEmpty || generator.next() % 2 == 0
            var writer = ViewWriter()
            writer.set(1, view)
            let (pod, pod6) = (IPAddress.v4(0x0A01_0002), IPAddress.v6(high: 0xFD00 << 48, low: 2))
            writer.judge(pod, by: 1)
            writer.judge(pod6, by: 1)
            let run = try PacketRun {
                $0.authorizationCapacities = AuthorizationCapacities(
                    identities: 16, destinations: 8, rows: 512, ranges: 256, ranges6: 64, rules: 2048)
            }
            var writes = writer.all
            for number in UInt32(1)..<8 {
                for address in [IPAddress.v4(number), .v6(high: UInt64(number), low: 1)] {
                    let key = MapAddress(address)
                    writes.append(.putIdentity(key, IdentityValue(identity: number ^ 3, check: key.check)))
                }
            }
            try run.apply(writes)
            for number in UInt32(0)..<9 {
                for port in UInt16(0)..<9 {
                    for isIPv6 in [false, true] {
                        let frame = TestFrame.between(
                            isIPv6 ? .v6(high: UInt64(number), low: 1) : .v4(number), isIPv6 ? pod6 : pod
                        ).with { $0.ports.destination = port }
                        let identity = (1..<8).contains(number) ? number ^ 3 : 0
                        func holds(_ alternative: Alternative) -> Bool {
                            alternative.holds(identity: identity) && alternative.holds(port: port)
                                && (isIPv6
                                    ? alternative.holds(source6: UInt64(number)) : alternative.holds(source: number))
                        }
                        let expected: Reason =
                            if view.deny.contains(where: holds) {
                                .deniedByPolicy
                            } else if view.allow.contains(where: holds) {
                                .allowedByPolicy
                            } else {
                                view.hasAllow ? .deniedByDefault : .allowedByDefault
                            }
                        #expect(try run.reason(frame) == expected, "seed \(seed): \(number) to port \(port)")
                    }
                }
            }
        }
    }

    /// Printed and not compared: the machine is shared.
    @Test func whatAPacketCosts() throws {
        var writer = ViewWriter()
        let network: ClosedRange<UInt32> = 0x0A00_0000...0x0A00_00FF
        writer.set(1, HandMadeView(allow: [Alternative(sources: network, ports: 80...80)], hasAllow: true))
        // 100 policies of 10 rules; the last matches.
        let rules = (UInt32(0)..<1000).map { number in
            let first: UInt32 = 0x0B00_0000 + number << 8
            return Alternative(identities: number + 1...number + 1, sources: first...first + 255, ports: 80...80)
        }
        writer.set(2, HandMadeView(allow: rules, hasAllow: true))
        let (one, many) = (IPAddress.v4(0x0A01_0002), IPAddress.v4(0x0A01_0003))
        let (client, last) = (IPAddress.v4(0x0A00_0001), IPAddress.v4(0x0B00_0001 + 999 << 8))
        writer.judge(one, by: 1)
        writer.judge(many, by: 2)
        let run = try PacketRun { $0.authorizationCapacities = .large }
        try run.apply(writer.all)
        for (address, identity) in [(client, UInt32(1)), (last, 1000)] {
            let key = MapAddress(address)
            try run.apply([.putIdentity(key, IdentityValue(identity: identity, check: key.check))])
        }
        let cases = [
            ("another EtherType", TestFrame.between(client, one).with { $0.tags = [0x0806] }),
            ("cached verdict", .between(client, one, TestFrame.ack)),
            ("opening, one policy", .between(client, one)),
            ("opening, 100 policies of 10 rules", .between(last, many)),
            ("not judged", .between(client, .v4(0x0A09_0009), TestFrame.ack)),
            ("opening, not judged", .between(client, .v4(0x0A09_0009))),
        ]
        for (name, frame) in cases {
            let times = try (0..<5).map { _ in try run.nanoseconds(frame, repeats: 200_000) }
            print("km_xdp_ingress, \(name): \(times.min() ?? 0) ns a packet")
        }
    }
}
