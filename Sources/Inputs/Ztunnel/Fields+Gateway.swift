import Model

/// Waypoints, in the forms that ztunnel and Kmesh write.
extension Fields {
    /// A waypoint, nil where there is none.
    ///
    /// Its destination is `network/address` or `namespace/hostname`. It stands alone as text, or under `destination`
    /// of a mapping that may hold `hboneMtlsPort` too, or apart in a mapping with `address` or `hostname`. An empty
    /// destination means none: Kmesh writes it so.
    mutating func gateway(_ key: String) throws(InputError) -> Gateway? {
        guard let node = node(key) else { return nil }
        if node.text != nil { return try destination(node, key: key).map { Gateway($0) } }
        var fields = try Fields(node, file: file, what: "\"\(key)\"")
        let port = try fields.integer("hboneMtlsPort", in: 0...65535)
        let destination: Gateway.Destination?
        if let node = fields.node("destination") {
            if node.text != nil {
                destination = try self.destination(node, key: "destination")
            } else {
                var parts = try Fields(node, file: file, what: "\"destination\"")
                destination = try parts.destinationParts()
                try parts.finish()
            }
        } else {
            destination = try fields.destinationParts()
        }
        try fields.finish()
        guard let destination else { return nil }
        return Gateway(destination, port: port.map { UInt16($0) } ?? Gateway.defaultPort)
    }

    private func destination(_ node: DocumentNode, key: String) throws(InputError) -> Gateway.Destination? {
        guard let text = node.text, !text.isEmpty else { return nil }
        if let address = NetworkAddress(text) { return .address(address) }
        // A mistyped address must not become a hostname.
        if let name = ServiceName(text), !name.hostname.allSatisfy({ $0.isNumber || $0 == "." || $0 == ":" }) {
            return .service(name)
        }
        throw InputError(
            file, node.position, "\"\(key)\" must be network/address or namespace/hostname, not \(node.kindName)")
    }

    /// `address` (`network/address`, or `{network, address}`) or `hostname` (`namespace/hostname`, or
    /// `{namespace, hostname}`).
    private mutating func destinationParts() throws(InputError) -> Gateway.Destination? {
        let address = node("address")
        let hostname = node("hostname")
        switch (address, hostname) {
        case (let node?, nil):
            if node.text != nil {
                guard let address = node.text.flatMap({ NetworkAddress($0) }) else {
                    throw InputError(
                        file, node.position, "\"address\" must be network/address, not \(node.kindName)")
                }
                return .address(address)
            }
            var fields = try Fields(node, file: file, what: "\"address\"")
            let network = try fields.string("network") ?? ""
            _ = try fields.required("address")
            guard let address = try fields.address("address") else { return nil }
            try fields.finish()
            return .address(NetworkAddress(network: network, address))
        case (nil, let node?):
            if let text = node.text { return .service(try serviceName(text, at: node.position)) }
            var fields = try Fields(node, file: file, what: "\"hostname\"")
            let name = ServiceName(
                namespace: try fields.requiredFilled("namespace"), hostname: try fields.requiredFilled("hostname"))
            try fields.finish()
            return .service(name)
        case (nil, nil):
            // What is missing is said once the keys that nobody knows are refused.
            try finish()
            throw InputError(file, position, "a waypoint needs \"destination\", \"address\" or \"hostname\"")
        case (_?, let node?):
            throw InputError(file, node.position, "a waypoint has an address or a hostname, not both")
        }
    }
}
