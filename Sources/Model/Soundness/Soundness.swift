/// The soundness check: what in a mesh the maps of its nodes cannot express as it is meant.
///
/// A pure function of the mesh and of the options. The mesh is taken as it would be compiled from nothing, in the order
/// of `Mesh.changes(to:)`. The work is in proportion to the mesh, its memberships and its findings.
public struct Soundness: Sendable {
    /// The options that each preset stands for.
    public let options: [Preset: DataplaneOptions]

    /// - Parameter upstream: another set of options in place of the preset's, likewise `hardened`.
    public init(upstream: DataplaneOptions = .upstream, hardened: DataplaneOptions = .hardened) {
        options = [.upstream: upstream, .hardened: hardened]
    }

    /// All findings, the worst first; in an order that depends on the mesh alone.
    public func findings(in mesh: Mesh) -> [Finding] {
        var check = SoundnessCheck(index: MeshIndex(mesh), options: options)
        check.checkCapacities()
        check.checkLimits()
        check.checkAddresses()
        check.checkReferences()
        check.checkEndpoints()
        check.checkFamilies()
        check.checkLocality()
        check.checkPorts()
        check.checkWaypoints()
        check.checkWaypointChains()
        check.checkPolicies()
        return check.findings.sorted()
    }
}

/// One run of the check: what is known, and what was found so far. The rules are in extensions, by topic.
struct SoundnessCheck {
    /// The mesh, ordered and cross-referenced.
    let index: MeshIndex
    /// The options that each preset stands for.
    let options: [Preset: DataplaneOptions]
    /// In no order.
    var findings: [Finding] = []

    /// Starts a run without findings.
    init(index: MeshIndex, options: [Preset: DataplaneOptions]) {
        self.index = index
        self.options = options
    }

    /// The options of one preset.
    func options(of preset: Preset) -> DataplaneOptions { options[preset] ?? DataplaneOptions(preset) }

    /// Whether something holds in at least one preset.
    func anyPreset(_ condition: (DataplaneOptions) -> Bool) -> Bool {
        Preset.allCases.contains { condition(options(of: $0)) }
    }

    /// Adds a finding; `consequence` is asked once for each preset.
    mutating func report(
        _ rule: SoundnessRule, _ severity: Severity, _ subject: String, _ message: String,
        consequence: (DataplaneOptions) -> Consequence
    ) {
        var sentences: [Preset: String] = [:]
        var failsOpen: Set<Preset> = []
        for preset in Preset.allCases {
            let outcome = consequence(options(of: preset))
            sentences[preset] = outcome.sentence
            if outcome.isBypass { failsOpen.insert(preset) }
        }
        findings.append(
            Finding(
                rule: rule, severity: severity, subject: subject, message: message, consequence: sentences,
                failsOpen: failsOpen))
    }
}

/// `a, b, c and 4 more`: the first three names, which the caller has ordered.
func listed(_ names: some Collection<String>) -> String {
    let first = names.prefix(3).joined(separator: ", ")
    return names.count > 3 ? "\(first) and \(names.count - 3) more" : first
}

/// `1 node` or `3 nodes`, `2 addresses`.
func counted(_ count: Int, _ noun: String) -> String {
    if count == 1 { return "1 \(noun)" }
    return "\(count) \(noun)\(noun.hasSuffix("s") || noun.hasSuffix("x") ? "es" : "s")"
}
