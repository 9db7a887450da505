import Model

extension AgentConfiguration {
    /// Reads the key and looks whether the kernel can encrypt, before anything is made.
    func encryptionEnforcement(
        _ state: borrowing StateDirectory, log: Log
    ) throws(AgentError) -> EncryptionEnforcement<NodeInfoDirectory>? {
        guard let encryption else {
            try EncryptionRecord.refuseLeftovers(inDirectory: stateDirectory)
            return nil
        }
        if try KeyFile(path: encryption.keyFile).isReadableByOthers {
            log.warning("others may read the key file", LogField("file", .init(encryption.keyFile)))
        }
        let registry = try NodeInfoDirectory(path: encryption.nodeInfoDirectory, node: node)
        let socket: XFRMSocket
        do throws(KernelError) {
            try XFRMSocket.probe(Set(nodeAddresses.map(\.family)))
            socket = try XFRMSocket()
        } catch {
            throw error.isMissingCipher ? .missingCipher(error) : .kernel(error)
        }
        return try EncryptionEnforcement(self, encryption, registry: registry, socket: socket, state: state)
    }
}

extension Agent {
    /// Brings the kernel's rules to what keys and nodes say, with the maps of the programs that were just put in force.
    mutating func beginEncryption() throws(AgentError) {
        guard encryption != nil else { return }
        let maps = try AgentError.wrapping {
            try EncryptionKernelMaps.opening { (name) throws(LoadError) in try dataplane.openMap(name) }
        }
        encryption?.use(maps)
        let now = BootClock.sinceBootNanoseconds()
        try encryption?.takeNews(at: now, isThorough: true, log: log)
        try encryption?.settle(at: now, log: log)
        try reportEncryption()
    }

    /// Puts what changed in force; what failed is tried again, more and more rarely.
    mutating func followEncryption(at now: UInt64) {
        guard isAttached else { return }
        lookAtEncryption(at: now, isThorough: false)
        if marking.problems != toldMarkingProblems {
            do throws(AgentError) { try reportEncryption() } catch { report(error) }
            toldMarkingProblems = marking.problems
        }
        guard encryption?.isDue(at: now) ?? false, encryptionRetries.isDue(now) else { return }
        do throws(AgentError) {
            try encryption?.settle(at: now, log: log)
            encryptionRetries = Backoff()
            try reportEncryption()
        } catch {
            report(error)
        }
    }

    /// Takes note of the key file and of nodes.
    mutating func lookAtEncryption(at now: UInt64, isThorough: Bool) {
        do throws(AgentError) {
            try encryption?.takeNews(at: now, isThorough: isThorough, log: log)
        } catch {
            report(error)
        }
    }

    /// Tells other processes how encryption stands, and where packets are not marked for it.
    mutating func reportEncryption() throws(AgentError) {
        guard var report = encryption?.report else { return }
        report.problems += marking.problems.map { "not marked for encryption: \($0)" }
        guard report != encryptionReport else { return }
        try AgentError.wrapping { try state.replace(EncryptionReport.fileName, with: Array(report.text.utf8)) }
        encryptionReport = report
    }
}
