import Model

/// The virtual addresses of services: by the hash of their names, so that they do not depend on the order of objects.
struct VirtualAddresses: Hashable, Sendable {
    /// 10.96.0.0/16 and fd00:10:96::/112, of which the first and the last address stay free.
    static let networks: [AddressFamily: IPAddress] = [
        .v4: .v4(0x0a60_0000), .v6: .v6(high: 0xfd00_0010_0096_0000, low: 0),
    ]
    private static let usableCount: UInt32 = 0x1_0000 - 2

    private var addresses: [KubernetesName: [IPAddress]] = [:]

    /// The addresses of a service, one of each family; those it has stay as long as nobody else claims them.
    /// - Parameters:
    ///   - taken: Addresses in use; gets the service's own.
    mutating func addresses(
        of service: KubernetesName, families: [AddressFamily], avoiding taken: inout Set<IPAddress>
    ) -> [IPAddress]? {
        let known = addresses[service] ?? []
        var result: [IPAddress] = []
        for family in families {
            let kept = known.first { $0.family == family && !taken.contains($0) }
            guard let address = kept ?? Self.free(for: service, family: family, avoiding: taken) else { return nil }
            taken.insert(address)
            result.append(address)
        }
        addresses[service] = result
        return result
    }

    /// Whether the service has addresses already. Services that have some go first, so that they keep them.
    func isKnown(_ service: KubernetesName) -> Bool { addresses[service] != nil }

    /// Forgets services that are gone.
    mutating func keep(only isThere: (KubernetesName) -> Bool) {
        addresses = addresses.filter { isThere($0.key) }
    }

    private static func free(
        for service: KubernetesName, family: AddressFamily, avoiding taken: Set<IPAddress>
    ) -> IPAddress? {
        let start = NameTable.hash(service.description) % usableCount
        for step in 0..<usableCount {
            let offset = 1 + UInt64((start + step) % usableCount)
            guard let address = networks[family]?.advanced(by: offset) else { return nil }
            if !taken.contains(address) { return address }
        }
        return nil
    }
}
