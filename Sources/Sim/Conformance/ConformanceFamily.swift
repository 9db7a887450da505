import Inputs

/// The families of cases that can be run, by their names in vector files.
public enum ConformanceFamily: String, Hashable, Sendable, CaseIterable {
    case connect
    case localityPriority = "locality-priority"
    case localityTable = "locality-table"
    case endpointHealth = "endpoint-health"
    case endpointTable = "endpoint-table"
    case waypoint
    case portResolution = "port-resolution"
    case nameID = "name-id"
    case mapLayout = "map-layout"
    case enrolment
    case dnsNameTable = "dns-name-table"
    case authz
    case authzMatch = "authz-match"
    case stringMatch = "string-match"
    case authzPort = "authz-port"
    case xdpAuthz = "xdp-authz"
    case xdpReset = "xdp-rst"
    case policyConversion = "policy-conversion"
    case encryptionKey = "ipsec-key"
    case encryptionKeyFile = "ipsec-keyfile"
    case tcMark = "tc-mark"

    /// Runs a case of the family.
    /// - Returns: What came out otherwise than expected, nothing when the case holds.
    /// - Throws: when the case cannot be run or checked; positions are those within the line.
    func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        switch self {
        case .connect: try ConnectFamily.differences(in: vector, making: SimulatedCalls.init)
        case .localityPriority: try LocalityPriorityFamily.differences(in: vector)
        case .localityTable: try TableFamily.differencesAfterSteps(in: vector)
        case .endpointHealth, .endpointTable, .waypoint: try TableFamily.differencesAfterEvents(in: vector)
        case .portResolution: try PortResolutionFamily.differences(in: vector, making: SimulatedCalls.init)
        case .nameID: try NameIDFamily.differences(in: vector)
        case .mapLayout: try MapLayoutFamily.differences(in: vector)
        case .enrolment: try EnrolmentFamily.differences(in: vector)
        case .dnsNameTable: try DNSNameTableFamily.differences(in: vector)
        case .authz: try AuthorizationFamily.verdictDifferences(in: vector)
        case .authzMatch: try AuthorizationFamily.matchDifferences(in: vector)
        case .stringMatch: try AuthorizationFamily.nameDifferences(in: vector)
        case .authzPort: try AuthorizationPortFamily.differences(in: vector)
        case .xdpAuthz: try XDPFamily.authorizationDifferences(in: vector)
        case .xdpReset: try XDPFamily.resetDifferences(in: vector)
        case .policyConversion: try PolicyConversionFamily.differences(in: vector)
        case .encryptionKey: try EncryptionFamily.keyDifferences(in: vector)
        case .encryptionKeyFile: try EncryptionFamily.fileDifferences(in: vector)
        case .tcMark: try TCMarkFamily.differences(in: vector, running: TCMarkFamily.simulated)
        }
    }
}
