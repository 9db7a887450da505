import Model

/// What is found about one policy, or at some destinations, for one cause.
struct GapReport {
    /// One thing that is wrong.
    enum Occasion {
        case verdict(VerdictGap)
        /// XDP drops replies to a connection of the destination's.
        case reply(JudgedConnection, AccidentalVerdict)
        /// XDP lets a packet pass that it reads wrongly, of a connection that it would drop.
        case misread(JudgedConnection)

        var connection: JudgedConnection {
            switch self {
            case .verdict(let gap): gap.connection
            case .reply(let connection, _), .misread(let connection): connection
            }
        }

        /// Whether upstream lets in what is to be denied.
        var failsOpen: Bool {
            switch self {
            case .verdict(let gap): gap.failsOpen
            case .reply: false
            case .misread: true
            }
        }
    }

    /// What findings are told apart by.
    struct Key: Hashable {
        let rule: SoundnessRule
        let engine: UpstreamEngine
        let causes: UpstreamAccidents
        let failsOpen: Bool
        /// What is to happen with the connections.
        let isAllowed: Bool
        let policy: String?
        /// The first of the destinations, where no policy is named.
        let destination: WorkloadUID?

        init(_ occasion: Occasion, _ group: DestinationGroup) {
            failsOpen = occasion.failsOpen
            let owner = group.members[0].owner.uid
            switch occasion {
            case .verdict(let gap):
                rule = gap.rule
                engine = gap.engine
                causes = gap.causes
                isAllowed = gap.isAllowed
                policy = gap.policy
                destination = policy == nil ? owner : nil
            case .reply(_, let verdict):
                (rule, engine, causes, isAllowed) = (.authzReplies, .xdp, [], true)
                policy = verdict.policy
                destination = policy == nil ? owner : nil
            case .misread:
                // Of the mesh as a whole: it is the same everywhere.
                (rule, engine, causes, isAllowed) = (.authzParser, .xdp, [], false)
                (policy, destination) = (nil, nil)
            }
        }
    }

    /// How many classes of connections there are.
    private(set) var classCount = 0
    /// Of these, how many both engines treat otherwise than the reference.
    private(set) var bothCount = 0
    private(set) var destinations: Set<WorkloadUID> = []
    let first: Occasion

    init(_ occasion: Occasion) { first = occasion }

    /// Counts one more.
    mutating func add(_ occasion: Occasion, _ group: DestinationGroup) {
        classCount += 1
        if case .verdict(let gap) = occasion, gap.xdpPasses != gap.isAllowed, gap.userSpaceAllows != gap.isAllowed {
            bothCount += 1
        }
        destinations.formUnion(group.members.lazy.map(\.owner.uid))
    }
}

extension VerdictGap {
    /// The rule of the first cause.
    var rule: SoundnessRule {
        guard let first = UpstreamAccidents.all.first(where: { causes.contains($0.accident) }) else {
            preconditionFailure("\(connection.source.address) to \(connection.destination.address): no cause")
        }
        return first.rule
    }
}
