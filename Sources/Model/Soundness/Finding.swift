/// How much a finding matters. Ordered: the worst first.
public enum Severity: String, Hashable, Sendable, CaseIterable, Comparable {
    /// The mesh cannot work as it is written.
    case error
    /// A part of the mesh does something that is hardly meant.
    case warning
    /// Worth knowing; often meant so.
    case note

    /// Whether `a` is worse than `b`.
    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .error: 0
        case .warning: 1
        case .note: 2
        }
    }
}

/// Something in a mesh that the maps of a node cannot express, or express otherwise than it is meant.
public struct Finding: Hashable, Sendable {
    /// Which check found it.
    public let rule: SoundnessRule
    /// How bad it is in this case; one rule can give several severities.
    public let severity: Severity
    /// The resources it is about, for people: `service default/reviews.default.svc.cluster.local`.
    public let subject: String
    /// What is wrong, with the numbers: a clause without a final stop.
    public let message: String
    /// One sentence for each preset: what its node does with it.
    public let consequence: [Preset: String]
    /// The presets in which a waypoint, a policy or the balancing is silently skipped because of it.
    public let failsOpen: Set<Preset>
    /// A connection that shows it; nil where no single one does.
    public let example: Example?

    /// A connection, and a packet of it that shows what is wrong.
    public struct Example: Hashable, Sendable {
        /// Who connects to whom, what the policies say and what becomes of it: one line each, without a full stop.
        public let lines: [String]
        /// What the packet is: `IPv4 TCP SYN 10.0.0.1:40000 to 10.1.0.2:80`.
        public let packet: String
        /// The whole Ethernet frame.
        public let frame: [UInt8]

        public init(lines: [String], packet: String, frame: [UInt8]) {
            self.lines = lines
            self.packet = packet
            self.frame = frame
        }
    }

    /// - Parameter consequence: for every preset.
    public init(
        rule: SoundnessRule, severity: Severity, subject: String, message: String, consequence: [Preset: String],
        failsOpen: Set<Preset>, example: Example? = nil
    ) {
        self.rule = rule
        self.severity = severity
        self.subject = subject
        self.message = message
        self.consequence = consequence
        self.failsOpen = failsOpen
        self.example = example
    }
}

extension Finding: Comparable {
    /// By severity, then by rule, subject and message.
    public static func < (a: Finding, b: Finding) -> Bool {
        if a.severity != b.severity { return a.severity < b.severity }
        return (a.rule.rawValue, a.subject, a.message) < (b.rule.rawValue, b.subject, b.message)
    }
}

/// What a node does with a finding.
struct Consequence {
    /// A full sentence.
    let sentence: String
    /// Whether a waypoint, a policy or the balancing is silently skipped.
    let isBypass: Bool

    /// Traffic goes past the mesh, and nothing says so.
    static func bypass(_ sentence: String) -> Consequence { Consequence(sentence: sentence, isBypass: true) }
    /// Traffic fails, goes astray or goes as meant, but not past the mesh.
    static func contained(_ sentence: String) -> Consequence { Consequence(sentence: sentence, isBypass: false) }
}
