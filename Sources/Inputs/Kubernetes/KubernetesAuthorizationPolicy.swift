import Model

/// An AuthorizationPolicy.
struct KubernetesAuthorizationPolicy: Hashable, Sendable {
    /// What a matching policy does.
    enum Action: String, Hashable, Sendable, CaseIterable {
        case allow = "ALLOW"
        case deny = "DENY"
        case audit = "AUDIT"
        case custom = "CUSTOM"

        /// nil for what only a waypoint can do.
        var modelAction: Policy.Action? {
            switch self {
            case .allow: .allow
            case .deny: .deny
            case .audit, .custom: nil
            }
        }
    }

    var name: KubernetesName
    var action: Action
    /// Which pods it is for; nil for all.
    var selector: LabelSelector?
    /// Whether it names Gateways or Services, so that a waypoint decides it.
    var hasTargets: Bool
    var isDryRun: Bool
    /// Of `allow` and `deny` only, and not of a policy with targets.
    var rules: [AuthorizationRule] = []
    var origin: ObjectOrigin

    /// Reads a policy. All its keys must be known: one that is overlooked could open what should be closed.
    init(_ object: KubernetesObject) throws(InputError) {
        var fields = try Fields(object.document, file: object.file, what: "an AuthorizationPolicy")
        name = object.objectName
        origin = object.origin
        isDryRun = try Self.isDryRun(&fields)
        // Without a spec it allows nothing, as an empty one.
        let emptySpec = DocumentNode(.mapping([]), at: object.document.position)
        var spec = try Fields(fields.node("spec") ?? emptySpec, file: object.file, what: "\"spec\"")
        action = try spec.choice("action", of: Action.self) ?? .allow
        selector = try spec.policySelector()
        hasTargets = spec.node("targetRef") != nil || !spec.list("targetRefs").isEmpty
        let rules = spec.node("rules")
        let provider = spec.node("provider")
        try spec.finish()
        if provider != nil, action != .custom {
            throw InputError(spec.file, spec.position, "\"provider\" is for the action CUSTOM only")
        }
        guard let modelAction = action.modelAction, !hasTargets else { return }
        guard let elements = rules?.elements ?? (rules == nil ? [] : nil) else {
            throw InputError(
                spec.file, rules?.position, "\"rules\" must be a list, not \(rules?.kindName ?? "nothing")")
        }
        guard modelAction == .allow || !elements.isEmpty else {
            throw InputError(
                spec.file, rules?.position ?? spec.position,
                "a DENY policy without \"rules\" denies nothing; give it rules, or {} as a rule to deny everything")
        }
        for element in elements {
            self.rules.append(try AuthorizationRule(element, file: object.file, namespace: name.namespace))
        }
    }

    /// The annotation that makes a policy a dry run, which Go's `strconv.ParseBool` reads.
    private static func isDryRun(_ fields: inout Fields) throws(InputError) -> Bool {
        guard let node = fields.node("metadata")?["annotations", KubernetesAnnotation.dryRun] else { return false }
        switch node.text {
        case "1", "t", "T", "TRUE", "true", "True": return true
        case "0", "f", "F", "FALSE", "false", "False": return false
        default:
            throw InputError(
                fields.file, node.position,
                "\"\(KubernetesAnnotation.dryRun)\" must be \"true\" or \"false\", not \(node.kindName)")
        }
    }

    /// Which pods list the policy by name, and where: nil for none.
    var attachment: LabelSelector? {
        guard action.modelAction != nil, !hasTargets, let selector, !selector.isEmpty else { return nil }
        return selector
    }

    /// The policy that istiod makes of the object, nil where connections say nothing about it.
    /// Source: Istio pilot/pkg/serviceregistry/kube/controller/ambient/authorization.go, convertAuthorizationPolicy.
    func policy(_ settings: KubernetesSettings) -> Policy? {
        guard let modelAction = action.modelAction, !hasTargets else { return nil }
        let scope: Policy.Scope =
            if selector != nil { .workload } else { name.namespace == settings.rootNamespace ? .global : .namespace }
        let kept = rules.filter { modelAction == .deny || $0.requestAttributes.isEmpty }
        return Policy(
            name: name.name, namespace: name.namespace, scope: scope, action: modelAction, rules: kept.map(\.rule),
            isDryRun: isDryRun)
    }

    /// What is left out of the policy, or that it is left out as a whole.
    var notes: [InputNote] {
        if hasTargets { return [origin.note("policy \(name) is ignored: a waypoint decides what has targetRefs")] }
        guard action.modelAction != nil else {
            return [
                origin.note("policy \(name) is ignored: the action \(action.rawValue) is for waypoints and sidecars")
            ]
        }
        var notes: [InputNote] = []
        if let selector, selector.isEmpty {
            notes.append(
                origin.note(
                    "policy \(name) applies to nothing: its selector has no labels; without one it is for its namespace"
                ))
        }
        for rule in rules where !rule.requestAttributes.isEmpty {
            let attributes = rule.requestAttributes.joined(separator: ", ")
            notes.append(
                rule.origin.note(
                    action == .allow
                        ? "this rule of policy \(name) is left out: only a waypoint can decide \(attributes)"
                        : "this rule of policy \(name) is taken without \(attributes): only a waypoint can decide that")
            )
        }
        return notes
    }
}

extension Fields {
    /// A `selector` of a security policy, which has `matchLabels` only; nil where it is missing.
    mutating func policySelector() throws(InputError) -> LabelSelector? {
        guard var fields = try mapping("selector") else { return nil }
        let selector = LabelSelector(labels: try fields.texts("matchLabels"))
        try fields.finish()
        return selector
    }
}
