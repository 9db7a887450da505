/// Who may connect to whom in a mesh, at which ports, by classes of what its policies cannot tell apart.
///
/// The verdict of a pair of addresses of one family and a port is that of their classes, as `ReferenceAuthorization`
/// gives it for each pair. It takes about as long as the number of classes, not of pairs.
public struct AuthorizationMatrix: Sendable {
    /// What of the mesh is asked about.
    public struct Selection: Hashable, Sendable {
        /// Where connections come from: any addresses; nil for every workload, and everything else that could call.
        public var sources: [IPAddress]?
        /// Where they go to: any addresses; nil for those of every workload.
        public var destinations: [Destination]?

        public init(sources: [IPAddress]? = nil, destinations: [Destination]? = nil) {
            self.sources = sources
            self.destinations = destinations
        }
    }

    /// An address that is asked about.
    public struct Destination: Hashable, Sendable {
        public var address: IPAddress
        /// The only port that is asked about; nil for all.
        public var port: UInt16?

        public init(_ address: IPAddress, port: UInt16? = nil) {
            self.address = address
            self.port = port
        }
    }

    /// What one row of the matrix says.
    public struct Decision: Hashable, Sendable {
        public let verdict: AuthorizationVerdict
        /// The verdict if dry runs were enforced too; the same where they make no difference.
        public let dryRunVerdict: AuthorizationVerdict
    }

    /// Workloads first, in the order of the first uid of each class; then what no workload owns, by address.
    public let sources: [SourceClass]
    /// Likewise; hosts and strangers last.
    public let destinations: [DestinationClass]
    /// By destination, then by its port class, then by source: an index into `decisions`.
    private let cells: [[[Int32]]]
    /// Each once, in no telling order.
    private let decisions: [Decision]

    /// Works out the matrix of a mesh, or of a part of it.
    public init(_ mesh: Mesh, _ selection: Selection = Selection()) {
        let addresses = SourceOwners(mesh.workloads.values)
        let scopes = DestinationScopes(mesh, addresses, selection)
        let conditions = ConditionTable(scopes.policyLists.flatMap(\.self))
        destinations = scopes.classes(by: conditions)
        let partition = SourcePartition(mesh, addresses, selection, by: conditions)
        sources = partition.classes
        var judge = MatrixJudge(conditions, partition)
        cells = destinations.map { destination in
            let policies = scopes.policyLists[destination.policyList]
            return destination.ports.map { judge.cells(policies, destination.representative, $0.representative) }
        }
        decisions = judge.decisions
    }

    /// What is decided about a class of sources, a class of destinations and one of the destination's classes of ports.
    public func decision(source: Int, destination: Int, port: Int) -> Decision {
        decisions[Int(cells[destination][port][source])]
    }

    /// Whether a connection can be between the classes: they have addresses of the same family.
    public func canConnect(source: Int, destination: Int) -> Bool {
        !sources[source].families.isDisjoint(with: destinations[destination].families)
    }
}
