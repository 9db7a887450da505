import Glibc
import Model

extension EncryptionStep {
    /// The state that is there after it.
    var madeState: XFRMState.ID? {
        switch self {
        case .xfrm(.addState(let state)): state.id
        default: nil
        }
    }

    /// The policy that is there after it.
    var madePolicy: XFRMPolicy.ID? {
        switch self {
        case .xfrm(.addPolicy(let policy)), .xfrm(.updatePolicy(let policy)): policy.id
        default: nil
        }
    }

    /// The state that is gone after it.
    var removedState: XFRMState.ID? {
        if case .xfrm(.deleteState(let id)) = self { id } else { nil }
    }

    /// The policy that is gone after it.
    var removedPolicy: XFRMPolicy.ID? {
        if case .xfrm(.deletePolicy(let id)) = self { id } else { nil }
    }
}

extension XFRMChange {
    /// Whether nothing new is there after it.
    var removes: Bool {
        switch self {
        case .deleteState, .deletePolicy, .flushStates, .flushPolicies: true
        case .addState, .updateState, .addPolicy, .updatePolicy: false
        }
    }
}

/// How many changes were made.
struct EncryptionCounts: Hashable, Sendable {
    var states = 0
    var policies = 0
    var prefixes = 0
    /// Keys that were read after the first.
    var keys = 0
    /// Steps that the kernel or the file system refused.
    var failures = 0

    mutating func count(_ step: EncryptionStep) {
        switch step {
        case .xfrm(.addState), .xfrm(.updateState), .xfrm(.deleteState), .xfrm(.flushStates): states += 1
        case .xfrm: policies += 1
        case .encryptTo, .leaveClear: prefixes += 1
        case .markPeer, .forgetPeer, .publish: break
        }
    }

    mutating func add(_ others: EncryptionCounts) {
        states += others.states
        policies += others.policies
        prefixes += others.prefixes
    }
}

extension KernelError {
    /// Whether the kernel says that it has no ESP, or not our algorithm for it.
    var isMissingCipher: Bool { [ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT].contains(errno) }
}
