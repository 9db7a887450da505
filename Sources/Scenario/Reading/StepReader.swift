import Inputs
import Model

/// Reads steps in order, and knows which sockets and snapshots there are by then.
struct StepReader {
    /// Names the scenario file in errors.
    let file: String
    /// Those that are open after the steps so far.
    var sockets = OpenSockets()
    /// Those that steps so far have named.
    var flows = NamedFlows()
    private var snapshots: [Located<String>] = []
    private let hasEncryption: Bool

    /// Begins before the first step.
    /// - Parameter hasEncryption: Whether the scenario has nodes that encrypt.
    init(file: String, hasEncryption: Bool) {
        self.file = file
        self.hasEncryption = hasEncryption
    }

    /// Reads the next step of the scenario.
    mutating func entry(_ node: DocumentNode) throws(InputError) -> StepEntry {
        var section = try Section<StepKey>(node, file: file, what: "step")
        let key = try stepKey(of: section)
        let note = try section.string(.note)
        let value = try section.required(key)
        let step = try step(key, value)
        if !hasEncryption, Step.Kind.ofEncryption.contains(step.kind) {
            throw section.place(of: key).error("\"\(key.rawValue)\" needs the section \"encryption\"")
        }
        var expectations: PresetExpectations?
        if let expect = section.node(.expect) {
            expectations = try ExpectationReader(file: file, step: step, hasEncryption: hasEncryption)
                .expectations(expect)
        } else if case .check = step {
            throw section.place(of: key).error("a check needs \"expect\"")
        }
        try section.finish()
        return StepEntry(step: step, note: note, expectations: expectations, place: section.place)
    }

    /// The one key that says what happens.
    private func stepKey(of section: Section<StepKey>) throws(InputError) -> StepKey {
        let keys = section.keys.filter { $0 != .expect && $0 != .note }
        guard let first = keys.first else {
            let kinds = Step.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw section.place.error("a step needs one of \(kinds)")
        }
        if keys.count > 1 {
            throw section.place(of: keys[1]).error(
                "\"\(keys[1].rawValue)\" beside \"\(first.rawValue)\"; a step does one thing, so make it two steps")
        }
        return first
    }

    private mutating func step(_ key: StepKey, _ value: DocumentNode) throws(InputError) -> Step {
        let scalar = Scalar(key.rawValue, file: file)
        switch key {
        case .connect: return .connect(try connect(value))
        case .send: return .send(try send(value))
        case .dns: return .dns(try dns(value))
        case .packet: return .packet(try packet(value))
        case .apply: return .apply(try MeshSourceReader(file: file).sources(value, key: "apply"))
        case .remove: return .remove(try objects(value, scalar))
        case .patch: return .patch(try patch(value))
        case .health: return .health(try health(value))
        case .move: return .move(try move(value))
        case .restart: return .restart(try restart(value))
        case .manage: return .manage(try scalar.names(value))
        case .release: return .release(try scalar.names(value))
        case .authz: return .authz(try offloadSwitch(value))
        case .advance: return .advance(nanoseconds: try duration(value, scalar))
        case .close:
            let name = try scalar.name(value)
            try sockets.close(name)
            return .close(socket: name)
        case .snapshot: return .snapshot(name: try newSnapshot(scalar.name(value)))
        case .restore: return .restore(name: try takenSnapshot(scalar.name(value)))
        case .mapWrite: return .mapWrite(try mapWrites(value))
        case .flow: return .flow(try flow(value))
        case .inject: return .inject(try injection(value))
        case .rotateKey: return .rotateKey(try keyRotation(value))
        case .holdUpdates: return .holdUpdates(try updatePath(value, scalar))
        case .deliverUpdates: return .deliverUpdates(try updateDelivery(value, scalar))
        case .loseUpdate: return .loseUpdate(try updatePath(value, scalar))
        case .restartAgent: return .restartAgent(try agentRestart(value, scalar))
        case .restartNode: return .restartNode(try nodeRestart(value, scalar))
        case .removeNode: return .removeNode(try nodeRemoval(value, scalar))
        case .encryptionStep: return .encryptionStep(try agentSteps(value, scalar))
        case .check:
            guard value.boolean == true else { throw scalar.error(value, mustBe: "true") }
            return .check
        case .expect, .note:
            preconditionFailure("\(key) is no step")
        }
    }

    private func duration(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> UInt64 {
        guard let nanoseconds = node.text.flatMap({ DurationText.nanoseconds($0) }) else {
            throw scalar.error(node, mustBe: "a time longer than 0 such as 5s, 250ms or 1m30s")
        }
        return nanoseconds
    }

    private mutating func newSnapshot(_ name: Located<String>) throws(InputError) -> Located<String> {
        if let first = snapshots.first(where: { $0.value == name.value }) {
            let line = first.place.position.line
            throw name.error("snapshot \"\(name.value)\" again; it is already taken at line \(line)")
        }
        snapshots.append(name)
        return name
    }

    private func takenSnapshot(_ name: Located<String>) throws(InputError) -> Located<String> {
        if snapshots.contains(where: { $0.value == name.value }) { return name }
        let near = nearestName(to: name.value, in: snapshots.map(\.value))
        let hint = near.map { "; did you mean \"\($0)\"?" } ?? ""
        throw name.error("no step before this one takes a snapshot \"\(name.value)\"\(hint)")
    }
}
