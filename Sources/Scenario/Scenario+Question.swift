import Inputs
import Model

extension Scenario {
    /// One connect as a command line asks for it.
    public struct Question: Sendable {
        /// Names the option of the caller in errors.
        public static let callerOption = "--from"
        /// Names the option of the target in errors.
        public static let targetOption = "--to"

        /// As given, unchecked.
        let caller: Located<String>
        /// A mapped literal is unmapped, and `addressing` says so.
        let target: Located<Target>
        /// What the target and the wish for a mapped address come to.
        let addressing: Connect.Addressing
        /// What kind of socket.
        public var transport = Connect.Transport.tcp
        /// How many times, 1…`Connect.repeatLimit`, each time with a new socket.
        public var repeatCount = 1

        /// - Parameters:
        ///   - caller: A pod, a workload or an owner of pods.
        ///   - target: `host:port`, the host an address or a name.
        ///   - isMapped: Whether an IPv6 socket calls an IPv4 address as `::ffff:a.b.c.d`.
        /// - Throws: for a target that is not written so, or that cannot be mapped.
        public init(from caller: String, to target: String, isMapped: Bool = false) throws(InputError) {
            self.caller = Located(caller, at: Self.place(Self.callerOption))
            let pattern: TargetPattern
            do throws(TargetPattern.Problem) {
                pattern = try TargetPattern(parsing: target)
            } catch {
                throw InputError(Self.targetOption, nil, "\"\(target)\" \(error.text)")
            }
            guard let port = pattern.port else {
                throw InputError(Self.targetOption, nil, "\"\(target)\" has no port; write host:port or [v6]:port")
            }
            var host = pattern.host
            if case .address(let address) = host {
                guard !isMapped || address.isMapped || address.family == .v4 else {
                    throw InputError(
                        Self.targetOption, nil, "\"\(target)\" is IPv6; only an IPv4 address can be mapped")
                }
                host = .address(address.unmapped)
                addressing = isMapped || address.isMapped ? .mapped : address.family == .v4 ? .v4 : .v6
            } else {
                addressing = isMapped ? .mapped : .ofTarget
            }
            self.target = Located(Target(host, port: port), at: Self.place(Self.targetOption))
        }

        /// Stands for a place in a file; only its name means something.
        static func place(_ option: String) -> Place { Place(option, Position(line: 1, column: 1)) }

        /// The step that answers the question.
        var step: Connect {
            Connect(
                caller: .workload(caller), target: target, transport: transport, addressing: addressing,
                repeatCount: repeatCount, socket: .once)
        }
    }

    /// A scenario that only asks one question of a mesh.
    /// - Parameters:
    ///   - mesh: Paths of sources of any kind.
    ///   - nodes: Nodes that the sources need not describe.
    public init(asking question: Question, mesh: [String], nodes: [Located<Node>] = []) {
        self.init(
            name: "connect \(question.caller.value) → \(question.target.value)", mesh: mesh, nodes: nodes,
            step: .connect(question.step), place: Question.place(Question.targetOption))
    }

    /// A scenario in which nothing happens, to look at a mesh and its maps.
    /// - Parameter node: The node whose maps a directory of map dumps holds.
    public init(lookingAt mesh: [String], nodes: [Located<Node>] = [], node: String? = nil) {
        let place = Question.place("--mesh")
        self.init(name: mesh.joined(separator: ", "), mesh: mesh, nodes: nodes, step: .check, place: place)
        self.node = node.map { Located($0, at: place) }
    }

    private init(name: String, mesh: [String], nodes: [Located<Node>], step: Step, place: Place) {
        self.init(
            file: "", name: name, description: "", seed: 1, preset: .hardened, options: [], node: nil, nodes: nodes,
            mesh: mesh.map { MeshSourceReference(content: .path($0, node: nil), place: Question.place("--mesh")) },
            managedPods: .all, dnsProxy: nil, isMonitoring: true, hasPeriodicReports: false,
            encryption: nil, steps: [StepEntry(step: step, note: nil, expectations: nil, place: place)])
    }

    /// Reads the `nodes` of a scenario file, or of a file with nothing else.
    public static func nodes(inFile path: String) throws(InputError) -> [Located<Node>] {
        var reader = try DocumentReader(path: path)
        return try ScenarioReader(file: path).nodes(of: reader.single())
    }
}
