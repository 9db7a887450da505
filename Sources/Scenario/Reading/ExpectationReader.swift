import Inputs
import Model

/// Reads what is expected of a step, and refuses what cannot apply to it.
struct ExpectationReader {
    /// Names the scenario file in errors.
    let file: String
    /// What the expectations are about.
    let step: Step
    /// Whether the scenario has nodes that encrypt.
    let hasEncryption: Bool

    /// The `expect` mapping of a step.
    func expectations(_ node: DocumentNode) throws(InputError) -> PresetExpectations {
        var section = try Section<ExpectationKey>(node, file: file, what: "expect")
        let common = try expectation(&section)
        let upstream = try override(.upstream, of: common, in: &section)
        let hardened = try override(.hardened, of: common, in: &section)
        try section.finish()
        guard !section.keys.isEmpty else { throw section.place.error("\"expect\" expects nothing") }
        return PresetExpectations(common, upstream: upstream, hardened: hardened, at: section.place)
    }

    private func override(
        _ key: ExpectationKey, of common: StepExpectation, in section: inout Section<ExpectationKey>
    ) throws(InputError) -> StepExpectation? {
        guard let node = section.node(key) else { return nil }
        var inner = try Section<ExpectationKey>(node, file: file, what: key.rawValue)
        for preset in [ExpectationKey.upstream, .hardened] where inner.has(preset) {
            throw inner.place(of: preset).error("\"\(preset.rawValue)\" inside of \"\(key.rawValue)\"")
        }
        guard !inner.keys.isEmpty else { throw inner.place.error("\"\(key.rawValue)\" expects nothing") }
        let expectation = try expectation(&inner)
        try inner.finish()
        if let via = expectation.via, expectation.outcome == nil, common.outcome?.value.allowsWaypoint == false {
            throw via.error("\"via\" contradicts what is expected for both presets")
        }
        return expectation
    }

    /// All keys but those of presets.
    private func expectation(_ section: inout Section<ExpectationKey>) throws(InputError) -> StepExpectation {
        for key in section.keys { try checkApplies(key, at: section.place(of: key)) }
        var result = StepExpectation()
        result.outcome = try outcome(&section)
        result.via = try located(.via, &section) { scalar, node throws(InputError) in try scalar.pattern(node) }
        if let via = result.via, result.outcome?.value.allowsWaypoint == false {
            throw via.error("\"via\" contradicts that the connection is refused or left alone")
        }
        result.authorization = try located(.authorization, &section) { scalar, node throws(InputError) in
            try authorization(node, scalar)
        }
        if let node = section.node(.reason) {
            let reason: Reason? = try section.choice(.reason)
            result.reason = reason.map { Located($0, at: Place(file, node.position)) }
        }
        result.hooks = try located(.hooks, &section) { scalar, node throws(InputError) in try hooks(node, scalar) }
        result.originalDestination = try located(.originalDestination, &section) { scalar, node throws(InputError) in
            try scalar.rememberedAddress(node)
        }
        result.bytes = try located(.bytes, &section) { scalar, node throws(InputError) in try scalar.bytes(node) }
        result.tlv = try located(.tlv, &section) { scalar, node throws(InputError) in
            try scalar.rememberedAddress(node)
        }
        result.server = try located(.server, &section) { scalar, node throws(InputError) in try scalar.pattern(node) }
        result.seenFrom = try located(.seenFrom, &section) { scalar, node throws(InputError) in
            try scalar.pattern(node)
        }
        result.managed = try managed(&section)
        result.counters = try counters(&section)
        result.reports = try located(.reports, &section) { scalar, node throws(InputError) in
            try reports(node, scalar)
        }
        result.maps = try located(.maps, &section) { _, node throws(InputError) in try maps(node) }
        result.problems = try located(.problems, &section) { scalar, node throws(InputError) in
            try problems(node, scalar)
        }
        try readEncryption(&section, into: &result)
        return result
    }

    /// The value of a key with its place, nil when the key is not there.
    private func located<Value: Sendable>(
        _ key: ExpectationKey, _ section: inout Section<ExpectationKey>,
        _ read: (Scalar, DocumentNode) throws(InputError) -> Value
    ) throws(InputError) -> Located<Value>? {
        guard let node = section.node(key) else { return nil }
        return Located(try read(section.scalar(key), node), at: Place(file, node.position))
    }

    private func hooks(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> [Hook] {
        guard case .sequence(let elements) = node.value else { throw scalar.error(node, mustBe: "a list of hooks") }
        var hooks: [Hook] = []
        for element in elements {
            guard let hook = element.text.flatMap(Hook.init(rawValue:)) else {
                let names = Hook.allCases.map(\.rawValue)
                let near = element.text.flatMap { nearestName(to: $0, in: names) }
                let hint = near.map { "did you mean \($0)?" } ?? "known are \(names.joined(separator: ", "))"
                throw scalar.place(element).error("\(element.kindName) is no hook; \(hint)")
            }
            hooks.append(hook)
        }
        return hooks
    }

    private func managed(
        _ section: inout Section<ExpectationKey>
    ) throws(InputError) -> [StepExpectation.ManagedPod]? {
        guard let node = section.node(.managed) else { return nil }
        let scalar = section.scalar(.managed)
        var pods: [StepExpectation.ManagedPod] = []
        for entry in try scalar.entries(node) {
            let isManaged = try Scalar(entry.key, file: file).boolean(entry.value)
            pods.append(.init(pod: scalar.name(keyOf: entry), isManaged: isManaged))
        }
        return pods
    }

    private func counters(_ section: inout Section<ExpectationKey>) throws(InputError) -> [StepExpectation.Counter]? {
        guard let node = section.node(.counters) else { return nil }
        let scalar = section.scalar(.counters)
        var counters: [StepExpectation.Counter] = []
        for entry in try scalar.entries(node) {
            let counts = try Scalar(entry.key, file: file).count(entry.value)
            counters.append(.init(name: scalar.name(keyOf: entry), counts: counts))
        }
        return counters
    }

    private func problems(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> StepExpectation.Problems {
        if case .sequence = node.value { return .mentioning(try scalar.names(node)) }
        guard let counts = node.text.flatMap({ CountRange($0) }) else {
            throw scalar.error(node, mustBe: "a count or a list of texts")
        }
        return .count(counts)
    }
}
