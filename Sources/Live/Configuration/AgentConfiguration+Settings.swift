import Model

extension AgentConfiguration {
    /// Checks what was asked for.
    ///
    /// Paths in a file count from the directory of the file, those on the command line from the working directory.
    /// - Parameter hostName: The node's name when none is set.
    /// - Throws: the first mistake, in the order of `AgentSetting`.
    public init(_ settings: AgentSettings, hostName: String) throws(SettingError) {
        let reader = SettingReader(settings: settings)
        let mesh = try reader.all(.mesh, "a file or directory", SettingReader.path)
        guard !mesh.isEmpty else {
            throw SettingError(.mesh, .commandLine, "is missing: name the files or directories that describe the mesh")
        }
        self.init(mesh: mesh, node: hostName)
        cgroup = try reader.last(.cgroup, "a directory", SettingReader.path)
        pinDirectory = try reader.last(.pinDirectory, "a directory", SettingReader.path) ?? pinDirectory
        adoption = try reader.adoption()
        stateDirectory = try reader.last(.stateDirectory, "a directory", SettingReader.path) ?? stateDirectory
        node = try reader.last(.node, "a name without spaces") { isNodeName($0.text) ? $0.text : nil } ?? node
        nodeAddresses = try reader.all(.nodeAddress, "an IP address") { IPAddress($0.text) }
        podGateways = try reader.all(.podGateway, "an IP address") { IPAddress($0.text) }
        try reader.checkCount(of: probeSources)
        dnsProxy = try reader.last(.dnsProxy, "an IPv4 address") { given in
            IPAddress(given.text).flatMap { $0.family == .v4 ? $0 : nil }
        }
        encryption = try reader.encryption(nodeAddresses: nodeAddresses)
        preset = try reader.choice(.preset) ?? preset
        options = try reader.options(from: preset)
        metrics = try reader.last(.metrics, "an address and a port, such as 127.0.0.1:15020") { ListenAddress($0.text) }
        reports = try reader.sink(.reports)
        accessLog = try reader.sink(.accessLog)
        if let reports, reports == accessLog, let given = settings[.accessLog].last {
            throw SettingError(.accessLog, given.origin, "and reports cannot both go to \(given.text)")
        }
        hasPeriodicReports = settings[.periodicReports].last?.text == "true"
        logFormat = try reader.choice(.logFormat) ?? logFormat
        logLevel = try reader.choice(.logLevel) ?? logLevel
    }
}

private func isNodeName(_ text: String) -> Bool {
    !text.isEmpty && !text.contains { $0.isWhitespace || $0 == "/" }
}
