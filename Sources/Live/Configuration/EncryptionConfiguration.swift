public import Model

/// How packets between this node's pods and other nodes' are encrypted.
public struct EncryptionConfiguration: Hashable, Sendable {
    /// Kmesh's key file; watched.
    public var keyFile: String
    /// Where nodes tell each other how to reach them: a KmeshNodeInfo of each; watched, and our own is written there.
    public var nodeInfoDirectory: String
    /// Names of the interfaces by which other nodes are reached; empty for those that have the node's addresses.
    public var uplinks: [String]
    /// The addresses of this node's pods. No two overlap.
    public var podPrefixes: [Prefix]

    public init(keyFile: String, nodeInfoDirectory: String, uplinks: [String] = [], podPrefixes: [Prefix]) {
        self.keyFile = keyFile
        self.nodeInfoDirectory = nodeInfoDirectory
        self.uplinks = uplinks
        self.podPrefixes = podPrefixes
    }
}

extension SettingReader {
    /// The settings of encryption; nil where no key file is given.
    func encryption(nodeAddresses: [IPAddress]) throws(SettingError) -> EncryptionConfiguration? {
        let keyFile = try last(.encryptionKey, "a file", Self.path)
        let directory = try last(.nodeInfo, "a directory", Self.path)
        let uplinks = try all(.uplink, "the name of a network interface") { Self.interfaceName($0.text) }
        let prefixes = try all(.podCIDR, "a prefix such as 10.244.1.0/24") { Prefix($0.text) }
        guard let keyFile, let given = settings[.encryptionKey].last else {
            for setting in [AgentSetting.nodeInfo, .uplink, .podCIDR] {
                guard let given = settings[setting].last else { continue }
                throw SettingError(setting, given.origin, "needs encryption-key: the file of the key")
            }
            return nil
        }
        func needs(_ what: String) -> SettingError { SettingError(.encryptionKey, given.origin, "needs \(what)") }
        guard let directory else { throw needs("node-info: the directory of the nodes' infos") }
        guard !nodeAddresses.isEmpty else { throw needs("node-address: where the tunnels of this node end") }
        guard !prefixes.isEmpty else { throw needs("pod-cidr: the addresses of this node's pods") }
        try checkOverlap(of: prefixes)
        return EncryptionConfiguration(
            keyFile: keyFile, nodeInfoDirectory: directory, uplinks: uplinks, podPrefixes: prefixes)
    }

    private func checkOverlap(of prefixes: [Prefix]) throws(SettingError) {
        for (index, prefix) in prefixes.enumerated() {
            guard
                let other = prefixes[..<index].first(where: {
                    $0.contains(prefix.address) || prefix.contains($0.address)
                })
            else { continue }
            throw SettingError(
                .podCIDR, settings[.podCIDR][index].origin,
                "expects prefixes that do not overlap; \(prefix) does with \(other)")
        }
    }

    /// Source: Linux, dev_valid_name.
    private static func interfaceName(_ text: String) -> String? {
        let isValid =
            (1...15).contains(text.utf8.count) && text != "." && text != ".."
            && !text.contains { $0 == "/" || $0 == ":" || $0.isWhitespace }
        return isValid ? text : nil
    }
}
