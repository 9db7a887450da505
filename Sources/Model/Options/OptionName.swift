/// The options by name, as scenario files and traces write them.
public enum OptionName: String, Hashable, Sendable, CaseIterable {
    case noEndpoint, missingEntry, unlistedPort, waypointTest, tlvMark, originalDestination, mixedFamilies
    case managedTest, dnsReply, controlAddress, ranking, earlyEndpoint, unhealthyAtFirst, sharedAddress
    case namedPort, extras, healthPolicy, overflow, authorization
    case tcParser, clearPackets, replayWindow, nodeErrors, inboundState, staleKeys, unknownSPI, tunnelFamily

    /// The row of the documentation's table of differences, empty for those about turning a mesh into maps.
    public var rule: String {
        switch self {
        case .noEndpoint: "H1"
        case .missingEntry: "H2"
        case .unlistedPort: "H3"
        case .waypointTest: "H4"
        case .tlvMark: "H11"
        case .originalDestination: "H12"
        case .mixedFamilies: "H13"
        case .managedTest: "H14"
        case .dnsReply: "H15"
        case .controlAddress: "H16"
        case .authorization: "H5–H8"
        case .tcParser: "H5"
        case .clearPackets: "H9"
        case .replayWindow: "H10"
        case .nodeErrors: "H17"
        case .inboundState: "H18"
        case .staleKeys: "H19"
        case .unknownSPI: "H20"
        case .ranking, .earlyEndpoint, .unhealthyAtFirst, .sharedAddress, .namedPort, .extras, .healthPolicy,
            .overflow, .tunnelFamily:
            ""
        }
    }
}

extension DataplaneOptions {
    /// The value of an option, as text.
    public func value(of option: OptionName) -> String { access(option).value }

    /// The values that an option can have.
    public static func choices(of option: OptionName) -> [String] { DataplaneOptions.hardened.access(option).choices }

    /// Sets an option by name.
    /// - Returns: false when it has no such value.
    public mutating func set(_ option: OptionName, to text: String) -> Bool {
        guard Self.choices(of: option).contains(text) else { return false }
        switch option {
        case .noEndpoint: Self.assign(&noEndpoint, text)
        case .missingEntry: Self.assign(&missingEntry, text)
        case .unlistedPort: Self.assign(&unlistedPort, text)
        case .waypointTest: Self.assign(&waypointTest, text)
        case .tlvMark: Self.assign(&tlvMark, text)
        case .originalDestination: Self.assign(&originalDestination, text)
        case .mixedFamilies: Self.assign(&mixedFamilies, text)
        case .managedTest: Self.assign(&managedTest, text)
        case .dnsReply: Self.assign(&dnsReply, text)
        case .controlAddress: Self.assign(&controlAddress, text)
        case .ranking: Self.assign(&ranking, text)
        case .earlyEndpoint: Self.assign(&earlyEndpoint, text)
        case .unhealthyAtFirst: Self.assign(&unhealthyAtFirst, text)
        case .sharedAddress: Self.assign(&sharedAddress, text)
        case .namedPort: Self.assign(&namedPort, text)
        case .extras: Self.assign(&extras, text)
        case .healthPolicy: Self.assign(&healthPolicy, text)
        case .overflow: Self.assign(&overflow, text)
        case .authorization: Self.assign(&authorization, text)
        case .tcParser: Self.assign(&tcParser, text)
        case .clearPackets: Self.assign(&clearPackets, text)
        case .nodeErrors: Self.assign(&nodeErrors, text)
        case .inboundState: Self.assign(&inboundState, text)
        case .replayWindow: Self.assign(&replayWindow, text)
        case .staleKeys: Self.assign(&staleKeys, text)
        case .unknownSPI: Self.assign(&unknownSPI, text)
        case .tunnelFamily: Self.assign(&tunnelFamily, text)
        }
        return true
    }

    private static func assign<T: RawRepresentable>(_ option: inout T, _ text: String) where T.RawValue == String {
        if let value = T(rawValue: text) { option = value }
    }

    private func access(_ option: OptionName) -> (value: String, choices: [String]) {
        func named<T: RawRepresentable & CaseIterable>(_ value: T) -> (String, [String]) where T.RawValue == String {
            (value.rawValue, T.allCases.map(\.rawValue))
        }
        return switch option {
        case .noEndpoint: named(noEndpoint)
        case .missingEntry: named(missingEntry)
        case .unlistedPort: named(unlistedPort)
        case .waypointTest: named(waypointTest)
        case .tlvMark: named(tlvMark)
        case .originalDestination: named(originalDestination)
        case .mixedFamilies: named(mixedFamilies)
        case .managedTest: named(managedTest)
        case .dnsReply: named(dnsReply)
        case .controlAddress: named(controlAddress)
        case .ranking: named(ranking)
        case .earlyEndpoint: named(earlyEndpoint)
        case .unhealthyAtFirst: named(unhealthyAtFirst)
        case .sharedAddress: named(sharedAddress)
        case .namedPort: named(namedPort)
        case .extras: named(extras)
        case .healthPolicy: named(healthPolicy)
        case .overflow: named(overflow)
        case .authorization: named(authorization)
        case .tcParser: named(tcParser)
        case .clearPackets: named(clearPackets)
        case .nodeErrors: named(nodeErrors)
        case .inboundState: named(inboundState)
        case .replayWindow: named(replayWindow)
        case .staleKeys: named(staleKeys)
        case .unknownSPI: named(unknownSPI)
        case .tunnelFamily: named(tunnelFamily)
        }
    }
}
