import Model

/// Values that ztunnel's and Kmesh's files have in common.
extension Fields {
    /// Accepts keys whatever their values are.
    mutating func skip(_ keys: [String]) {
        for key in keys { _ = has(key) }
    }

    /// A text; the empty text counts as missing, as it does in the workload API.
    mutating func filled(_ key: String) throws(InputError) -> String? {
        guard let text = try string(key), !text.isEmpty else { return nil }
        return text
    }

    /// A text that may be neither missing nor empty.
    mutating func requiredFilled(_ key: String) throws(InputError) -> String {
        let node = try required(key)
        guard let text = try filled(key) else {
            throw InputError(file, node.position, "\"\(key)\" must not be empty")
        }
        return text
    }

    /// One of several words; case and `_` make no difference (ztunnel writes `OnlyHealthy`, Kmesh `ONLY_HEALTHY`).
    /// The empty text counts as missing.
    mutating func word<T>(_ key: String, in words: KeyValuePairs<String, T>) throws(InputError) -> T? {
        guard let node = node(key), node.text != "" else { return nil }
        return try value(of: node, key: key, in: words)
    }

    /// A list of such words.
    mutating func words<T>(_ key: String, in words: KeyValuePairs<String, T>) throws(InputError) -> [T] {
        var values: [T] = []
        for node in list(key) { values.append(try value(of: node, key: key, in: words)) }
        return values
    }

    private func value<T>(
        of node: DocumentNode, key: String, in words: KeyValuePairs<String, T>
    ) throws(InputError) -> T {
        func bare(_ text: String) -> String { text.lowercased().filter { $0 != "_" } }
        if let text = node.text.map(bare), let word = words.first(where: { bare($0.key) == text }) {
            return word.value
        }
        let choices = words.map(\.key)
        let hint = node.text.flatMap { nearestName(to: $0, in: choices) }.map { "; did you mean \($0)?" } ?? ""
        throw InputError(
            file, node.position,
            "\"\(key)\" must be one of \(choices.joined(separator: ", ")), not \(node.kindName)\(hint)")
    }

    /// A list of `network/address`; an address alone is one in the default network.
    mutating func networkAddresses(_ key: String) throws(InputError) -> [NetworkAddress] {
        var addresses: [NetworkAddress] = []
        for node in list(key) {
            guard let address = node.text.flatMap({ NetworkAddress($0) }) else {
                throw InputError(
                    file, node.position,
                    "\"\(key)\" must hold network/address (/10.0.0.1 in the default network), not \(node.kindName)")
            }
            addresses.append(address)
        }
        return addresses
    }

    /// `{region, zone, subzone}`; missing parts are unknown.
    mutating func locality(_ key: String) throws(InputError) -> Locality {
        guard let node = node(key) else { return Locality() }
        var fields = try Fields(node, file: file, what: "\"\(key)\"")
        let locality = Locality(
            region: try fields.string("region") ?? "", zone: try fields.string("zone") ?? "",
            subzone: try fields.string("subzone") ?? "")
        try fields.finish()
        return locality
    }

    /// Ports written as a mapping, `{80: 8080}`: service port to target port, 0 where an endpoint names its own.
    func portMapping(_ node: DocumentNode, key: String) throws(InputError) -> [ServicePort] {
        guard let entries = node.entries else {
            throw InputError(
                file, node.position, "\"\(key)\" must map service ports to target ports, not be \(node.kindName)")
        }
        var ports: [ServicePort] = []
        for entry in entries {
            guard let servicePort = UInt16(entry.key), servicePort > 0 else {
                throw InputError(
                    file, entry.keyPosition, "a service port must be a number from 1 to 65535, not \"\(entry.key)\"")
            }
            guard let target = entry.value.integer.flatMap({ UInt16(exactly: $0) }) else {
                throw InputError(
                    file, entry.value.position,
                    "the target of port \(servicePort) must be a number from 0 to 65535, not \(entry.value.kindName)")
            }
            ports.append(ServicePort(servicePort, to: target))
        }
        return ports
    }

    /// A service named `namespace/hostname`.
    func serviceName(_ text: String, at position: Position) throws(InputError) -> ServiceName {
        guard let name = ServiceName(text) else {
            throw InputError(file, position, "a service is named namespace/hostname, not \"\(text)\"")
        }
        return name
    }

    /// Services of a workload given by name alone: each with the service's own ports.
    func servicesByName(_ nodes: [DocumentNode]) throws(InputError) -> [ServiceName: [ServicePort]] {
        var services: [ServiceName: [ServicePort]] = [:]
        for node in nodes {
            guard let text = node.text else {
                throw InputError(file, node.position, "a service is named namespace/hostname, not \(node.kindName)")
            }
            let name = try serviceName(text, at: node.position)
            guard services.updateValue([], forKey: name) == nil else {
                throw InputError(file, node.position, "service \(name) is listed twice")
            }
        }
        return services
    }
}

extension NetworkAddress {
    /// Reads `network/address`; an address alone is one in the default network.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = parts.last, let address = IPAddress(last) else { return nil }
        self.init(network: parts.count == 2 ? String(parts[0]) : "", address)
    }
}
