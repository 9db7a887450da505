import Model
import Testing

private func bootID(_ number: Int) -> String { "550e8400-e29b-41d4-a716-44665544000\(number)" }

private func node(_ number: Int, spi: UInt32 = 1, addresses: [String]? = nil, esn: Bool = false) throws
    -> NodeEncryption
{
    NodeEncryption(
        spi: SPI(rawValue: spi),
        addresses: try (addresses ?? ["192.168.100.\(number)"]).map { try #require(IPAddress($0)) },
        bootID: bootID(number), podPrefixes: [try #require(Prefix("10.244.\(number).0/24"))], hasExtendedSequence: esn)
}

private func key(_ spi: UInt32) throws -> EncryptionKey {
    EncryptionKey(
        spi: SPI(rawValue: spi), key: try #require(AEADKey(bytes: Array(repeating: UInt8(spi), count: 20))))
}

private func rules(
    _ local: NodeEncryption, _ remote: NodeEncryption, _ preset: Preset, keys: [UInt32] = [1],
    isEstablished: Bool = false
) throws -> EncryptionRules {
    var all = EncryptionKeys(try key(keys[0]))
    for spi in keys.dropFirst() { all.take(try key(spi)) }
    return try EncryptionRules(
        local: local, remote: remote, keys: all, options: DataplaneOptions(preset), isEstablished: isEstablished,
        receivedMark: { address in
            guard case .v4(let bits) = address else { return .none }
            return .received(fromPeer: UInt16(bits & 0xff))
        }, digest: mixed)
}

extension [XFRMChange] {
    fileprivate var states: [XFRMState] {
        compactMap { change in
            if case .addState(let state) = change { return state }
            return nil
        }
    }

    fileprivate var policies: [XFRMPolicy] {
        compactMap { change in
            if case .updatePolicy(let policy) = change { return policy }
            return nil
        }
    }

    /// ICMP types whose packets are blocked, nil for marked packets; empty where there is anything else.
    fileprivate var blockedTypes: [UInt8?] {
        policies.count == count && policies.allSatisfy { $0.action == .block } ? policies.map(\.selector.icmpType) : []
    }
}

@Test(arguments: Preset.allCases)
func whatOneNodeSendsTheOtherReceives(preset: Preset) throws {
    let (a, b) = (try node(1), try node(2))
    let (ofA, ofB) = (try rules(a, b, preset), try rules(b, a, preset))
    let (sent, received) = (try #require(ofA.sending.states.first), try #require(ofB.receiving.states.first))
    #expect(sent.source == received.source && sent.destination == received.destination)
    #expect(sent.spi == received.spi && sent.key == received.key && sent.requestID == received.requestID)
    #expect(sent.outputMark == nil && received.outputMark == .decrypted)
    #expect(ofB.sending.states[0].key != sent.key, "each direction has its own key")
    let policy = try #require(ofA.sending.policies.first)
    #expect(
        policy.direction == .out && policy.mark == .exactly(.encrypt) && policy.selector.destination == b.podPrefixes[0]
    )
    #expect(policy.templates.first?.spi == b.spi && policy.templates.first?.destination == b.addresses[0])
    #expect(ofA.receiving.policies.map(\.direction) == [.in, .fwd])
    #expect(ofA.receiving.policies.allSatisfy { $0.selector.destination == a.podPrefixes[0] })
}

/// H18: of three nodes on one SPI, upstream's third is not heard.
@Test func upstreamTakesTwoPeersForOne() throws {
    let local = try node(1)
    let (first, second) = (try rules(local, node(2), .upstream), try rules(local, node(3), .upstream))
    #expect(first.receiving.states[0].id == second.receiving.states[0].id)
    #expect(first.receiving.policies.map(\.id) == second.receiving.policies.map(\.id))
    #expect(first.receiving.policies != second.receiving.policies)
}

@Test func hardenedRulesTellPeersApart() throws {
    let local = try node(1)
    let (first, second) = (try rules(local, node(2), .hardened), try rules(local, node(3), .hardened))
    #expect(first.receiving.states[0].id != second.receiving.states[0].id)
    #expect(first.receiving.policies == second.receiving.policies)
    let state = first.receiving.states[0]
    #expect(state.replayWindow == 64 && state.takesEitherFamily && !state.hasExtendedSequence)
    let upstream = try rules(local, node(2), .upstream).receiving.states[0]
    #expect(upstream.replayWindow == 0 && !upstream.takesEitherFamily && upstream.mark == .any)
}

/// H17: what the node itself says of decrypted packets has no mark.
@Test func errorsOfTheNodeAreEncryptedAsTheirPacketsWere() throws {
    var (local, remote) = (try node(1), try node(2))
    let v6 = try #require(Prefix("fd00:10:244:2::/64"))
    remote.podPrefixes.append(v6)
    let policies = try rules(local, remote, .hardened).sending.policies
    #expect(policies.map(\.selector.icmpType) == [nil, 3, 11, 12, nil, 1, 2, 3, 4])
    #expect(policies.allSatisfy { $0.templates == policies[0].templates && $0.action == .allow })
    for policy in policies { #expect(policy.mark == (policy.selector.icmpType == nil ? .exactly(.encrypt) : .any)) }
    #expect(try rules(local, remote, .upstream).sending.policies.allSatisfy { $0.selector.icmpType == nil })
    local.podPrefixes = []
    #expect(try rules(local, remote, .hardened).receiving.policies.isEmpty)
}

@Test func aSelectorWithATypeCoversPacketsOfThatTypeAlone() throws {
    let selector = XFRMSelector(
        source: .everything(of: .v4), destination: try #require(Prefix("10.0.0.0/8")), icmpType: 11)
    let (source, destination) = (IPAddress.v4(1), IPAddress.v4(0x0a00_0001))
    #expect(selector.covers(source: source, destination: destination, icmpType: 11))
    #expect(!selector.covers(source: source, destination: destination, icmpType: 3))
    #expect(!selector.covers(source: source, destination: destination))
    #expect(!selector.covers(source: destination, destination: source, icmpType: 11))
}

@Test func extendedNumbersNeedBothEnds() throws {
    for (own, other) in [(false, true), (true, false), (true, true)] {
        let rules = try rules(node(1, esn: own), node(2, esn: other), .hardened)
        #expect((rules.receiving + rules.sending).states.allSatisfy { $0.hasExtendedSequence == (own && other) })
    }
    let upstream = try rules(node(1, esn: true), node(2, esn: true), .upstream)
    #expect((upstream.receiving + upstream.sending).states.allSatisfy { !$0.hasExtendedSequence })
}

/// H20.
@Test func aPeerWithAnUnknownSPIIsBlockedOrForgotten() throws {
    let (local, remote) = (try node(1), try node(2, spi: 9))
    let upstream = try rules(local, remote, .upstream)
    #expect(upstream.receiving.isEmpty && upstream.sending.isEmpty)
    let hardened = try rules(local, remote, .hardened)
    #expect(hardened.receiving.states.count == 1)
    #expect(hardened.sending.blockedTypes == [nil, 3, 11, 12])
    #expect(try rules(local, remote, .hardened, isEstablished: true).sending.isEmpty)
}

/// H20: in whatever way a node cannot send encrypted, it does not send in clear.
@Test(
    arguments: [
        ("the peer's key is not known", 1, 9, 1), ("the own key is not known", 9, 1, 0), ("neither is known", 8, 9, 0),
        ("the peer is ahead", 1, 2, 1),
    ] as [(String, UInt32, UInt32, Int)])
func whatCannotBeSentEncryptedIsBlocked(_ name: String, _ own: UInt32, _ other: UInt32, _ received: Int) throws {
    let (local, remote) = (try node(1, spi: own), try node(2, spi: other))
    let hardened = try rules(local, remote, .hardened, keys: [1, 2])
    #expect(hardened.receiving.states.count == received)
    #expect(hardened.sending.blockedTypes == [nil, 3, 11, 12])
    #expect(Set(hardened.sending.policies.map(\.selector.destination)) == Set(remote.podPrefixes))
    #expect(try rules(local, remote, .hardened, keys: [1, 2], isEstablished: true).sending.isEmpty)
    #expect(try rules(local, remote, .upstream, keys: [1, 2]).sending.isEmpty)
}

@Test func aPeerWithoutAnAddressOfTheFamilyIsBlocked() throws {
    let (local, remote) = (try node(1), try node(2, addresses: ["fd00::2"]))
    #expect(try rules(local, remote, .hardened).sending.blockedTypes == [nil, 3, 11, 12])
    #expect(try rules(local, remote, .upstream).sending.isEmpty)
}

@Test(arguments: Preset.allCases)
func sendingWaitsForTheOwnKeyFile(preset: Preset) throws {
    let ahead = try rules(node(1, spi: 1), node(2, spi: 2), preset, keys: [1, 2])
    #expect(ahead.receiving.states.count == 1 && ahead.sending.states.isEmpty)
    let behind = try rules(node(1, spi: 2), node(2, spi: 1), preset, keys: [1, 2])
    #expect(behind.receiving.states.map(\.spi) == [SPI(rawValue: 2)])
    #expect(behind.sending.states.map(\.spi) == [SPI(rawValue: 1)])
}

@Test func ofSeveralAddressesOnlyUpstreamSendsFromAll() throws {
    let local = try node(1, addresses: ["10.0.0.1", "10.0.1.1", "fd00::1"])
    let remote = try node(2, addresses: ["10.0.0.2", "fd00::2"])
    let upstream = try rules(local, remote, .upstream)
    #expect(upstream.receiving.states.count == 3 && upstream.sending.states.count == 3)
    #expect(upstream.sending.states[0].id == upstream.sending.states[1].id, "states that collide")
    let hardened = try rules(local, remote, .hardened)
    #expect(hardened.receiving.states.count == 3 && hardened.sending.states.count == 1)
}

@Test func earlierKeysAreKeptAndReplaced() throws {
    var keys = EncryptionKeys(try key(1))
    keys.take(try key(2))
    #expect(keys.current.spi == SPI(rawValue: 2))
    #expect(keys[SPI(rawValue: 1)] == (try key(1)).key && keys[SPI(rawValue: 3)] == nil)
    let other = EncryptionKey(spi: SPI(rawValue: 1), key: try key(7).key)
    keys.take(other)
    #expect(keys.current == other && keys[SPI(rawValue: 1)] == other.key && keys[SPI(rawValue: 2)] != nil)
}

@Test func aShortBootIDIsNoKey() throws {
    let end = TunnelEnd(.anyV4, bootID: bootID(1))
    let short = TunnelEnd(.anyV4, bootID: String(bootID(1).dropLast()))
    let long = TunnelEnd(.anyV4, bootID: bootID(1) + "\n")
    let shared = try key(1).key
    #expect(throws: KeyDerivationError.shortBootID(short.bootID)) {
        try shared.derived(from: end, to: short, digest: mixed)
    }
    #expect(try shared.derived(from: end, to: long, digest: mixed) == shared.derived(from: end, to: end, digest: mixed))
}
