import Model

/// Verdicts, classes and policies in words.
enum AuthorizationPhrases {
    /// Up to so many members of a class are named in text.
    static let mostNames = 5

    // MARK: Verdicts

    /// `allowed` or `denied`.
    static func word(_ verdict: AuthorizationVerdict) -> String { verdict.isAllowed ? "allowed" : "denied" }

    /// Why, as what follows `allowed` or `denied`.
    static func reason(_ verdict: AuthorizationVerdict) -> String {
        switch verdict {
        case .allowed(let rule), .denied(let rule): "rule \(rule.rule + 1) of policy \(rule.policy)"
        case .allowedByDefault: "no DENY policy matches, no ALLOW policy applies"
        case .deniedByDefault: "ALLOW policies apply, none matches"
        }
    }

    /// `allowed by rule 1 of policy shop/db`, or what is decided without a rule.
    static func text(_ verdict: AuthorizationVerdict) -> String {
        "\(word(verdict))\(verdict.rule == nil ? ": " : " by ")\(reason(verdict))"
    }

    // MARK: Classes

    /// `namespace/name`, with the addresses where the workload is in the class with some of them only.
    static func name(_ member: ClassMember) -> String {
        let name = "\(member.workload.namespace)/\(member.workload.name)"
        return member.isPart ? "\(name) (\(member.addresses.map(\.description).joined(separator: ", ")))" : name
    }

    /// Who is in a class: names of workloads, blocks of addresses.
    static func members(_ source: SourceClass) -> [String] {
        guard !source.isKnown else { return source.members.map(name) }
        let blocks = source.ranges.map(text)
        let addresses = source.ranges.isEmpty ? source.representatives.map(\.description) : []
        return blocks + addresses + source.members.map { "\(name($0)) by its node's address" }
    }

    static func members(_ destination: DestinationClass) -> [String] {
        switch destination.kind {
        case .workloads: destination.members.map(name)
        case .hosts: destination.members.map { "\(name($0)) by its node's address" }
        case .strangers: destination.representatives.map(\.description)
        }
    }

    /// `10.0.0.0/8 outside 10.1.0.0/16`
    private static func text(_ range: SourceClass.Range) -> String {
        let family = range.block.address.family == .v4 ? "IPv4" : "IPv6"
        let block = range.block.length == 0 ? "any \(family) address" : "\(range.block)"
        return range.outside.isEmpty ? block : "\(block) outside \(list(range.outside.map(\.description), or: "and"))"
    }

    /// The first few, and how many more there are.
    static func few(_ names: [String]) -> String {
        let first = names.prefix(mostNames).joined(separator: ", ")
        return names.count > mostNames ? "\(first) and \(names.count - mostNames) more" : first
    }

    private static func list(_ names: [String], or word: String) -> String {
        guard names.count > 1, let last = names.last else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " \(word) \(last)"
    }

    /// What a class of sources is, before its members.
    static func kind(_ source: SourceClass) -> String { source.isKnown ? "" : "no workload's: " }

    /// What a class of destinations is, before its members.
    static func kind(_ destination: DestinationClass) -> String {
        switch destination.kind {
        case .workloads: ""
        case .hosts: "not judged: "
        case .strangers: "no workload's: "
        }
    }

    /// The ports of a class; `any` where no port makes a difference.
    static func ports(_ ports: PortClass, of destination: DestinationClass) -> String {
        guard ports.isOthers else { return ports.ports.map { "\($0)" }.joined(separator: " ") }
        return destination.ports.count == 1 ? "any" : "other"
    }
}
