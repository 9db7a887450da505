import Model

extension Agent {
    /// Puts the programs of encryption in the place of an earlier run's; where encryption is off, takes those away.
    mutating func replaceMarking() throws(AgentError) {
        guard configuration.encryption != nil else {
            return try AgentError.wrapping { try PodMarking.detachAll(from: dataplane.pins) }
        }
        marking.adopt(try AgentError.wrapping { try dataplane.replaceMarking() })
    }

    /// Attaches them to the managed pods' interfaces and the uplinks, and detaches from others.
    mutating func settleMarking(
        _ pods: [(pod: ManagedPod, namespace: NetworkNamespace?)], isThorough: Bool
    ) throws(AgentError) {
        guard let encryption = configuration.encryption else { return }
        let uplinks: PodMarking.Uplinks =
            if encryption.uplinks.isEmpty {
                .found(try AgentError.wrapping { try HostInterface.names(having: configuration.nodeAddresses) })
            } else {
                .named(encryption.uplinks)
            }
        try AgentError.wrapping {
            try marking.settle(pods, uplinks: uplinks, on: dataplane, isThorough: isThorough, log: log)
        }
        self.encryption?.hasUplinks = marking.hasAllUplinks
    }
}
