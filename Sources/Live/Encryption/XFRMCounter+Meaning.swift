import Inputs
public import Model

extension XFRMCounter {
    /// What it means that the counter grows, in one sentence.
    public var meaning: String {
        switch self {
        case .inError: "A received packet failed for a reason without a counter of its own."
        case .inBufferError: "The kernel had no memory for a received packet."
        case .inHeaderError: "A received packet has a broken header."
        case .inNoStates:
            "No state for the SPI of a received packet: the sender is ahead or behind, or its packets get no peer's mark."
        case .inStateProtocolError:
            "A packet could not be decrypted: another key at the other end, or it was changed on the way."
        case .inStateModeError: "A decrypted packet is not what a tunnel carries."
        case .inStateSequenceError: "A packet was received a second time, or too late: it was replayed."
        case .inStateExpired: "A packet came for a state that has expired."
        case .inStateMismatch: "A packet came in another encapsulation than its state wants."
        case .inStateInvalid: "A packet came for a state that is being removed."
        case .inTemplateMismatch:
            "A decrypted packet came by another state than its policy wants, or one in clear where it must be encrypted."
        case .inNoPolicies: "A packet was decrypted, and no policy lets it in: is it for a prefix of this node's pods?"
        case .inPolicyBlock: "A policy blocks what was received."
        case .inPolicyError: "A policy for received packets could not be applied."
        case .outError: "A packet to be sent failed for a reason without a counter of its own."
        case .outBundleGenerationError: "The kernel could not build the way of a packet to be sent."
        case .outBundleCheckError: "The way of a packet to be sent is no longer valid."
        case .outNoStates: "No state to encrypt a packet with; it was dropped."
        case .outStateProtocolError: "A packet could not be encrypted."
        case .outStateModeError: "A packet is too large for its tunnel."
        case .outStateSequenceError: "A state has used all its sequence numbers: rotate the key."
        case .outStateExpired: "A packet was to be sent by a state that has expired."
        case .outPolicyBlock:
            "A policy blocks what is sent, because it cannot be encrypted: the peer's key is not known here yet."
        case .outPolicyDead: "A packet was to be sent by a policy that is being removed."
        case .outPolicyError: "A policy for sent packets could not be applied."
        case .forwardHeaderError: "A forwarded packet has a broken header."
        case .outStateInvalid: "A packet was to be sent by a state that is being removed."
        case .acquireError: "The kernel asked for a state, and nobody makes one on demand."
        }
    }

    /// The counters of this network namespace that its kernel has.
    /// - Throws: where the kernel counts nothing.
    static func counts() throws(InputError) -> [XFRMCounter: UInt64] {
        counts(parsing: try TextFile.contents(ofPath: "/proc/self/net/xfrm_stat"))
    }

    /// Reads lines of a name and a number.
    static func counts(parsing text: String) -> [XFRMCounter: UInt64] {
        var counts: [XFRMCounter: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count == 2, let counter = XFRMCounter(rawValue: String(words[0])) else { continue }
            counts[counter] = Digits.decimal(words[1], as: UInt64.self)
        }
        return counts
    }
}
