import Inputs

/// One thing that happens in a scenario.
public enum Step: Sendable {
    case connect(Connect)
    case send(Send)
    case dns(DNSExchange)
    case packet(Packet)
    /// New or changed objects. Not empty.
    case apply([MeshSourceReference])
    /// Objects go. Not empty.
    case remove([Located<ObjectReference>])
    case patch(Patch)
    case health(HealthChange)
    case move(Move)
    case restart(Restart)
    /// Pods come under the mesh's care. Not empty, no name twice.
    case manage([Located<String>])
    /// Pods leave the mesh's care. Not empty, no name twice.
    case release([Located<String>])
    case authz(OffloadSwitch)
    /// Time passes; more than 0.
    case advance(nanoseconds: UInt64)
    /// A socket that is open here is closed.
    case close(socket: Located<String>)
    /// The maps of every node are remembered under a name that is new.
    case snapshot(name: Located<String>)
    /// The maps of every node become what they were at an earlier snapshot.
    case restore(name: Located<String>)
    case mapWrite(MapWrites)
    case flow(Flow)
    case inject(Injection)
    case rotateKey(KeyRotation)
    /// From now on updates wait on this path.
    case holdUpdates(UpdatePath)
    case deliverUpdates(UpdateDelivery)
    /// The next update on this path does not arrive.
    case loseUpdate(UpdatePath)
    case restartAgent(AgentRestart)
    case restartNode(NodeRestart)
    case removeNode(NodeRemoval)
    case encryptionStep(AgentSteps)
    /// Nothing happens; the expectations are looked at.
    case check
}

extension Step {
    /// Which step, by its key in the file.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case connect, send, dns, packet, apply, remove, patch, health, move, restart, manage, release, authz, advance
        case close, snapshot, restore, mapWrite
        case flow, inject, rotateKey, holdUpdates, deliverUpdates, loseUpdate, restartAgent, restartNode, removeNode
        case encryptionStep, check

        /// Those that need agents, and so the section `encryption`.
        public static let ofEncryption: [Kind] = [
            .rotateKey, .holdUpdates, .deliverUpdates, .loseUpdate, .restartAgent, .restartNode, .removeNode,
            .encryptionStep,
        ]
    }

    /// The step without what belongs to it.
    public var kind: Kind {
        switch self {
        case .connect: .connect
        case .send: .send
        case .dns: .dns
        case .packet: .packet
        case .apply: .apply
        case .remove: .remove
        case .patch: .patch
        case .health: .health
        case .move: .move
        case .restart: .restart
        case .manage: .manage
        case .release: .release
        case .authz: .authz
        case .advance: .advance
        case .close: .close
        case .snapshot: .snapshot
        case .restore: .restore
        case .mapWrite: .mapWrite
        case .flow: .flow
        case .inject: .inject
        case .rotateKey: .rotateKey
        case .holdUpdates: .holdUpdates
        case .deliverUpdates: .deliverUpdates
        case .loseUpdate: .loseUpdate
        case .restartAgent: .restartAgent
        case .restartNode: .restartNode
        case .removeNode: .removeNode
        case .encryptionStep: .encryptionStep
        case .check: .check
        }
    }
}

/// A step with what belongs to it.
public struct StepEntry: Sendable {
    /// What happens.
    public var step: Step
    /// What the author says about it, for the trace.
    public var note: String?
    /// nil when nothing is expected; a `check` always expects something.
    public var expectations: PresetExpectations?
    /// Where the step begins.
    public var place: Place
}
