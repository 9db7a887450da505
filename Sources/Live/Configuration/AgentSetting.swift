/// What can be set about the agent, by one name everywhere: `--pin-dir` on the command line, `pin-dir:` in a file.
public enum AgentSetting: String, Hashable, Sendable, CaseIterable {
    case mesh
    case cgroup
    case pinDirectory = "pin-dir"
    case adopt
    case adoptNames = "adopt-names"
    case stateDirectory = "state-dir"
    case node
    case nodeAddress = "node-address"
    case podGateway = "pod-gateway"
    case dnsProxy = "dns-proxy"
    /// Turns encryption between nodes on.
    case encryptionKey = "encryption-key"
    case nodeInfo = "node-info"
    case uplink
    case podCIDR = "pod-cidr"
    case preset
    /// A mapping in a file, `NAME=VALUE` on the command line.
    case option
    case metrics
    case reports
    case accessLog = "access-log"
    /// True or false in a file, a flag on the command line.
    case periodicReports = "periodic-reports"
    case logFormat = "log-format"
    case logLevel = "log-level"

    /// Whether the command line adds to what a file gives, instead of replacing it.
    var accumulates: Bool { self == .option }
}
