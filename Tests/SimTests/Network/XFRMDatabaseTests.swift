import Model
import Testing

@testable import Sim

/// What `ip xfrm` accepts, and which of several entries a packet finds.
@Suite struct XFRMDatabaseTests {
    private let own = IPAddress.v4(0x0a00_0001)
    private let peer = IPAddress.v4(0x0a00_0002)

    private func state(_ spi: UInt32 = 1, mark: MarkSelector = .any, window: UInt32 = 0) -> XFRMState {
        XFRMState(
            source: peer, destination: own, spi: SPI(rawValue: spi), key: NetworkScene.key, mark: mark,
            replayWindow: window)
    }

    private func policy(
        _ prefix: String, mark: MarkSelector = .any, priority: UInt32 = 0, action: XFRMPolicy.Action = .allow
    ) -> XFRMPolicy {
        XFRMPolicy(
            .out, XFRMSelector(source: required(Prefix("0.0.0.0/0")), destination: required(Prefix(prefix))),
            mark: mark,
            priority: priority, action: action, templates: [])
    }

    /// Linux compares the marks of states by whether the old one would be found by the new one's.
    @Test func aStateIsRefusedWhereItsPlaceIsTaken() throws {
        var database = XFRMDatabase(seed: 1)
        #expect(try database.apply(.addState(state())) == .done)
        var other = state()
        other.source = own
        #expect(try database.apply(.addState(other)) == .exists)
        #expect(try database.apply(.addState(state(mark: .exactly(.decrypted)))) == .exists)
        #expect(try database.apply(.addState(state(2))) == .done)
        #expect(try database.apply(.addState(state(3, window: ReplayWindow.sizeLimit + 1))) == .invalid)
        #expect(try database.apply(.deleteState(state(3).id)) == .missing)
        #expect(try database.apply(.deleteState(state(2).id)) == .done)
        #expect(database.states.count == 1)
        #expect(try database.apply(.flushStates) == .done)
        #expect(database.states.isEmpty)
    }

    @Test func statesOfDifferentMarksStandSideBySide() throws {
        var database = XFRMDatabase(seed: 1)
        for mark in [1, 2] as [UInt32] {
            let selector = MarkSelector.exactly(PacketMark(rawValue: mark))
            #expect(try database.apply(.addState(state(mark: selector))) == .done)
        }
        for mark in [1, 2] as [UInt32] {
            let found = database.inboundState(
                destination: own, spi: SPI(rawValue: 1), mark: PacketMark(rawValue: mark))
            #expect(found == Int(mark) - 1)
        }
        #expect(database.inboundState(destination: own, spi: SPI(rawValue: 1), mark: .none) == nil)
    }

    @Test func anUpdateKeepsTheKeyAndWhatWasCounted() throws {
        var database = XFRMDatabase(seed: 1)
        #expect(try database.apply(.updateState(state())) == .missing)
        try database.apply(.addState(state()))
        database.setSequence(sent: 7, received: 0, of: state().id)
        var changed = state()
        changed.key = required(AEADKey(bytes: [UInt8](repeating: 9, count: 20)))
        changed.outputMark = .decrypted
        #expect(try database.apply(.updateState(changed)) == .done)
        #expect(database.states[0].state.key == NetworkScene.key && database.states[0].sequence == 7)
        #expect(database.states[0].state.outputMark == .decrypted)
    }

    @Test func policiesAreAskedByPriorityThenByAge() throws {
        var database = XFRMDatabase(seed: 1)
        for (prefix, priority) in [("10.1.0.0/16", 5), ("10.1.1.0/24", 5), ("10.1.1.0/25", 1), ("10.0.0.0/8", 9)] {
            #expect(try database.apply(.addPolicy(policy(prefix, priority: UInt32(priority)))) == .done)
        }
        let order = database.policies(.out).map(\.selector.destination.length)
        #expect(order == [25, 16, 24, 8])
        func found(_ address: String) -> Int? {
            database.policy(.out, source: own, destination: required(IPAddress(address)), mark: .none)
        }
        #expect(
            found("10.1.1.1") == 0 && found("10.1.1.200") == 1 && found("10.9.9.9") == 3 && found("11.1.1.1") == nil)
        #expect(try database.apply(.addPolicy(policy("10.1.0.0/16"))) == .exists)
        #expect(try database.apply(.updatePolicy(policy("10.1.0.0/16", action: .block))) == .done)
        #expect(database.policies(.out).map(\.selector.destination.length) == [16, 25, 24, 8])
        #expect(database.policies(.out)[0].action == .block)
        #expect(try database.apply(.deletePolicy(policy("10.0.0.0/8").id)) == .done)
        #expect(try database.apply(.deletePolicy(policy("10.0.0.0/8").id)) == .missing)
        #expect(try database.apply(.flushPolicies) == .done && database.policies(.out).isEmpty)
    }

    @Test func aMarkedPolicyIsForMarkedPackets() throws {
        var database = XFRMDatabase(seed: 1)
        try database.apply(.addPolicy(policy("10.0.0.0/8", mark: .exactly(.encrypt))))
        for (mark, expected) in [(PacketMark.encrypt, 0), (.decrypted, nil), (.none, nil)] as [(PacketMark, Int?)] {
            #expect(database.policy(.out, source: own, destination: peer, mark: mark) == expected)
        }
    }

    /// The same seed and the same commands make the same wire; what is refused draws as well.
    @Test func constantsOfIVsFollowTheSeed() throws {
        func constants(_ seed: UInt64, refusing: Bool) throws -> [UInt64] {
            var database = XFRMDatabase(seed: seed)
            try database.apply(.addState(state(1)))
            try database.apply(.addState(state(refusing ? 1 : 2)))
            try database.apply(.addState(state(3)))
            return [database.states[0].ivConstant, database.states[database.states.count - 1].ivConstant]
        }
        #expect(try constants(1, refusing: false) == constants(1, refusing: true))
        #expect(try constants(1, refusing: false) != constants(2, refusing: false))
    }
}
