public import Model

/// Everything the agent is told before it starts, checked. What is not set has the default that is written here.
public struct AgentConfiguration: Hashable, Sendable {
    /// Maps that another daemon pinned, to be used in place of our own.
    public struct Adoption: Hashable, Sendable {
        /// The directory of the pins.
        public var pinDirectory: String
        /// The file with that daemon's names and ids; without it only ids that are hashes are known.
        public var names: String?

        public init(pinDirectory: String, names: String? = nil) {
            self.pinDirectory = pinDirectory
            self.names = names
        }
    }

    /// Where lines go, one for each connection.
    public enum Sink: Hashable, Sendable {
        /// Written as `-`.
        case standardOutput
        case file(String)
    }

    /// Files and directories, at least one. `-` is standard input, which cannot be watched.
    public var mesh: [String]
    /// A directory of cgroup v2; nil for the root of the mounted one.
    public var cgroup: String?
    public var pinDirectory = PinDirectory.standard.path
    public var adoption: Adoption?
    /// Where names and ids are kept over restarts.
    public var stateDirectory = Self.standardStateDirectory
    /// This node's name in the mesh.
    public var node: String
    /// This node's addresses. Connections from here are the node's own, such as probes.
    public var nodeAddresses: [IPAddress] = []
    /// Addresses from which the node reaches its pods, where they are others.
    public var podGateways: [IPAddress] = []
    /// Where DNS questions of managed pods go: an IPv4 address, since only the hooks of IPv4 redirect them.
    public var dnsProxy: IPAddress?
    /// How packets between this node's pods and other nodes' are encrypted; nil where they are not.
    public var encryption: EncryptionConfiguration?
    public var preset = Preset.hardened
    /// Those of the preset, but for the ones set by themselves.
    public var options = DataplaneOptions.hardened
    /// Where metrics and health are served.
    public var metrics: ListenAddress?
    public var reports: Sink?
    public var accessLog: Sink?
    /// Whether long connections are reported while they last.
    public var hasPeriodicReports = false
    public var logFormat = LogFormat.text
    public var logLevel = LogLevel.info

    /// Where the agent keeps what must outlive it.
    public static let standardStateDirectory = "/var/lib/kmesh-live"

    /// The defaults for a mesh and a node.
    public init(mesh: [String], node: String) {
        self.mesh = mesh
        self.node = node
    }

    /// Addresses that the hooks take for the node itself.
    public var probeSources: [IPAddress] { nodeAddresses + podGateways }
}
