import Inputs
import Model

/// What vectors of authorization say about the two ends of a connection.
extension Fields {
    /// The mapping `connection`.
    /// - Parameter policies: those that the connection is judged by: an address may be left out where none of their
    ///   blocks holds every address.
    mutating func authorizationRequest(
        judgedBy policies: [Policy]
    ) throws(InputError) -> AuthorizationRequest {
        var connection = try Fields(required("connection"), file: file, what: "\"connection\"")
        let source = try connection.end("source_ip")
        let destination = try connection.end("destination_ip")
        let request = AuthorizationRequest(
            source: source ?? .anyV6, identity: try connection.identity("source_identity"),
            destination: SocketAddress(
                destination ?? .anyV6, port: try connection.number("destination_port") ?? 0))
        // Neither decides anything.
        _ = try connection.number("source_port", as: UInt16.self)
        _ = try connection.string("destination_network")
        try connection.finish()
        // An address that is left out is in no block, as the unspecified one here.
        let matches = policies.flatMap { $0.rules.flatMap { $0.clauses.flatMap(\.matches) } }
        for (isMissing, blocks) in [
            (source == nil, matches.flatMap { $0.sourceBlocks.any + $0.sourceBlocks.none }),
            (destination == nil, matches.flatMap { $0.destinationBlocks.any + $0.destinationBlocks.none }),
        ] where isMissing && blocks.contains(where: { $0.contains(.anyV6) }) {
            throw InputError(file, connection.position, "an address is missing that the policies ask for")
        }
        return request
    }

    /// An address that may be null but not left out.
    private mutating func end(_ key: String) throws(InputError) -> IPAddress? {
        guard has(key) else { throw InputError(file, position, "\"\(key)\" is missing here") }
        return try address(key)?.unmapped
    }

    /// Who the client is; nil for null.
    private mutating func identity(_ key: String) throws(InputError) -> PeerIdentity? {
        guard let node = node(key) else { return nil }
        var fields = try Fields(node, file: file, what: "\"\(key)\"")
        let identity = PeerIdentity(
            trustDomain: try fields.string("trust_domain") ?? "", namespace: try fields.string("namespace") ?? "",
            serviceAccount: try fields.string("service_account") ?? "")
        try fields.finish()
        return identity
    }

    /// The workload that owns the destination; nil for null. Keys that say nothing about policies are passed over.
    mutating func destinationWorkload() throws(InputError) -> Workload? {
        guard let node = node("destination_workload") else { return nil }
        var fields = try Fields(node, file: file, what: "\"destination_workload\"")
        let namespace = try fields.string("namespace") ?? ""
        let name = try fields.string("name") ?? ""
        return Workload(
            WorkloadUID(try fields.string("uid") ?? "Kubernetes//Pod/\(namespace)/\(name)"), name: name,
            namespace: namespace, addresses: try fields.addresses("addresses"),
            network: try fields.string("network") ?? "",
            serviceAccount: try fields.string("service_account") ?? "",
            trustDomain: try fields.string("trust_domain") ?? "",
            policies: try fields.strings("authorization_policies"))
    }

    private mutating func addresses(_ key: String) throws(InputError) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for text in try strings(key) {
            guard let address = IPAddress(text) else {
                throw InputError(file, position, "\"\(key)\" must hold IP addresses, not \"\(text)\"")
            }
            addresses.append(address)
        }
        return addresses
    }
}
