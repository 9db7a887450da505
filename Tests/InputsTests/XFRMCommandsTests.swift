import Inputs
import Model
import TestSupport
import Testing

/// What commands lead to that are never refused.
private struct Rules {
    var states: [XFRMState] = []
    var policies: [XFRMPolicy] = []

    mutating func apply(_ change: XFRMChange) {
        switch change {
        case .addState(let state), .updateState(let state): states.append(state)
        case .deleteState(let id): states.removeAll { $0.id == id }
        case .flushStates: states = []
        case .addPolicy(let policy), .updatePolicy(let policy):
            policies.removeAll { $0.id == policy.id }
            policies.append(policy)
        case .deletePolicy(let id): policies.removeAll { $0.id == id }
        case .flushPolicies: policies = []
        }
    }
}

@Test(arguments: Recordings.names)
func commandsOfRecordingsLeadToWhatWasListed(recording: String) throws {
    let commands = try XFRMCommands(parsing: Recordings.text(recording, "commands.txt"), file: "commands.txt").commands
    for node in ["A", "B"] {
        var rules = Rules()
        for command in commands where command.node == node { rules.apply(command.change) }
        let listing = try XFRMListing(parsing: Recordings.text(recording, "\(node).xfrm.txt"), file: node)
        #expect(Set(rules.states) == Set(listing.states.map(\.state)))
        #expect(Set(rules.policies) == Set(listing.policies))
    }
}

@Test func everyFormOfACommandIsRead() throws {
    let commands = try XFRMCommands(
        parsing: """
            # as root

            ip xfrm state flush
            ip xfrm policy flush
            [A] ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x2 reqid 3 mode tunnel replay-window 64 \
            flag esn af-unspec mark 0x5 mask 0xff aead 'rfc4106(gcm(aes))' 0x17a1daf5e1012b2e9d2938ed6d2ae7a503ac72bc 96 \
            encap espinudp 4500 4500 0.0.0.0 output-mark 0xd0
            ip xfrm state delete src 10.0.0.1 dst 10.0.0.2 proto esp spi 2 mark 5 mask 0xff
            ip xfrm policy add dst 10.244.1.0/24 dir in priority 9 action block
            ip xfrm policy delete src 0.0.0.0/0 dst 10.244.1.0/24 dir in
            """, file: "f"
    ).commands
    #expect(commands.map(\.node) == [nil, nil, "A", nil, nil, nil])
    #expect(commands.map(\.position.line) == [3, 4, 5, 6, 7, 8])
    #expect(commands[0].change == .flushStates && commands[1].change == .flushPolicies)
    guard case .addState(let state) = commands[2].change, case .deleteState(let id) = commands[3].change,
        case .addPolicy(let policy) = commands[4].change, case .deletePolicy(let policyID) = commands[5].change
    else {
        Issue.record("\(commands)")
        return
    }
    #expect(state.id == id && state.mark == MarkSelector(value: 5, mask: 0xff))
    #expect(state.hasExtendedSequence && state.takesEitherFamily && state.key.icvByteCount == 12)
    #expect(state.encapsulation == UDPEncapsulation() && state.outputMark == .decrypted)
    #expect(policy.id == policyID && policy.action == .block && policy.priority == 9)
}

@Test(arguments: [
    WrongText(testDescription: "no command", text: "ls", line: 1, column: 1, message: "begins with \"ip xfrm\""),
    WrongText(
        testDescription: "no object", text: "ip xfrm monitor", line: 1, column: 9, message: "\"state\" or \"policy\""),
    WrongText(
        testDescription: "no action", text: "\nip xfrm state list", line: 2, column: 15, message: "add, update, delete"),
    WrongText(testDescription: "an open bracket", text: "[A ip", line: 1, column: 1, message: "in brackets"),
    WrongText(
        testDescription: "an unknown word", text: "ip xfrm policy add src ::/0 dir in colour red", line: 1, column: 36,
        message: "\"colour\" is not known of a policy"),
    WrongText(
        testDescription: "another algorithm", text: "ip xfrm state add src ::1 dst ::2 proto esp spi 1 mode tunnel",
        line: 1, column: 1, message: "not no algorithm"),
    WrongText(
        testDescription: "no direction", text: "ip xfrm policy add src ::/0", line: 1, column: 1, message: "has no dir"),
])
func whatIsWrongInCommandsIsToldWithItsPlace(_ wrong: WrongText) throws {
    let error = try #require(throws: InputError.self) { try XFRMCommands(parsing: wrong.text, file: "f") }
    #expect(error.position == Position(line: wrong.line, column: wrong.column), "\(error)")
    #expect(error.message.contains(wrong.message), "\(error)")
}
