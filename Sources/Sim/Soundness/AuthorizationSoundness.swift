public import Model

/// What differs in a mesh between the verdicts of Istio, which preset `hardened` gives, and those of upstream's two
/// engines, with offload on.
///
/// Each difference is explained by what the engine would have to do otherwise. Connections are tried by classes: what
/// no engine tells apart is tried once. A finding is about one policy, or about destinations, and one cause.
public enum AuthorizationSoundness {
    /// All findings, the worst first; in an order that depends on the mesh alone.
    public static func findings(in mesh: Mesh) -> [Finding] {
        guard !mesh.workloads.isEmpty else { return [] }
        var check = AuthorizationCheck(AuthorizationScene(mesh))
        check.run()
        return check.findings.sorted()
    }
}

/// One run of the check.
private struct AuthorizationCheck {
    private let scene: AuthorizationScene
    private var table: SourceTable
    private var reports: [GapReport.Key: GapReport] = [:]
    /// Keys of `reports` as they came.
    private var order: [GapReport.Key] = []
    private var engines: RealEngines

    init(_ scene: AuthorizationScene) {
        self.scene = scene
        table = SourceTable(scene.sources())
        engines = RealEngines(scene)
    }

    mutating func run() {
        for group in DestinationGroup.groups(in: scene) {
            let destination = group.members[0]
            let sources = table.classes(at: destination, scene)
            /// One that XDP drops as the policies want.
            var dropped: JudgedConnection?
            for port in group.ports {
                for source in sources {
                    let connection = JudgedConnection(source, destination, port: port, scene)
                    if compare(connection, group), dropped.map(\.passesMisread) != true { dropped = connection }
                }
            }
            for source in sources {
                let reply = JudgedConnection(source, destination, port: group.ephemeralPort, scene)
                let verdict = reply.verdict(.xdp)
                if !verdict.isAllowed { add(.reply(reply, verdict), group) }
            }
            if let dropped, dropped.passesMisread { add(.misread(dropped), group) }
        }
    }

    /// Asks all about one connection.
    /// - Returns: whether the reference denies it and XDP drops it.
    private mutating func compare(_ connection: JudgedConnection, _ group: DestinationGroup) -> Bool {
        let isAllowed = connection.verdict([]).isAllowed
        let xdpPasses = connection.verdict(.xdp).isAllowed
        let userSpaceAllows = connection.verdict(.userSpace).isAllowed
        for engine in UpstreamEngine.allCases {
            let gap = VerdictGap(
                connection, engine, isAllowed: isAllowed, xdpPasses: xdpPasses, userSpaceAllows: userSpaceAllows)
            if let gap { add(.verdict(gap), group) }
        }
        return !isAllowed && !xdpPasses
    }

    private mutating func add(_ occasion: GapReport.Occasion, _ group: DestinationGroup) {
        let key = GapReport.Key(occasion, group)
        if reports[key] == nil { order.append(key) }
        reports[key, default: GapReport(occasion)].add(occasion, group)
    }

    /// The reports in words.
    var findings: [Finding] {
        mutating get {
            var findings: [Finding] = []
            for key in order {
                if let report = reports[key] { findings.append(report.finding(key, scene, &engines)) }
            }
            return findings
        }
    }
}

extension JudgedConnection {
    /// Whether XDP lets a SYN pass whose headers it does not step over: of IPv6 it sees no TCP then, of IPv4 it takes
    /// options for ports.
    fileprivate var passesMisread: Bool {
        destination.address.family == .v6
            || at(port: MisreadPacket.portRead).verdict(.xdp).isAllowed
    }
}
