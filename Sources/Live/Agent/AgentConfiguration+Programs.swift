import Inputs
import Model

extension AgentConfiguration {
    /// What the programs are loaded with.
    var programSettings: ProgramSettings {
        var settings = ProgramSettings(options: options, probeSources: probeSources)
        settings.hasPeriodicReports = hasPeriodicReports
        // The compiled policies decide in the kernel, unless they are switched off.
        settings.asksForVerdicts = options.authorization != .compiled
        return settings
    }

    /// The policies of a mesh and the recorded pods, compiled from nothing; nil where the programs do not judge by them.
    /// - Parameter doublings: How often the room of their maps doubles, beyond what they are counted to need.
    func policyFeed(_ mesh: Mesh, doublings: Int = 0) throws(AgentError) -> PolicyFeed? {
        guard options.authorization == .compiled else { return nil }
        let recorded = try AgentError.wrapping { try ManagedPods(inDirectory: stateDirectory) }
        let pods = recorded.sorted.compactMap { $0.judged(NetworkNamespace.presence(of: $0)) }
        return PolicyFeed.fitting(
            mesh, pods: pods, node: node, rootNamespace: KubernetesSettings().rootNamespace, doublings: doublings)
    }

    /// Whether anybody wants to hear of connections.
    var isReporting: Bool { reports != nil || accessLog != nil || metrics != nil }

    /// The cgroup whose processes are served.
    func cgroupPath() throws(AgentError) -> String {
        if let cgroup { return cgroup }
        guard let found = MountTable.own()?.cgroup2 else {
            throw .load(.noCgroup(path: "/sys/fs/cgroup"))
        }
        return found
    }

    /// A name table with the names that another daemon gave its ids.
    func withAdoptedNames(_ names: NameTable) throws(AgentError) -> NameTable {
        guard let file = adoption?.names else { return names }
        var names = names
        for (id, name) in try AgentError.wrapping({ try MapDump.names(inFile: file) }) {
            // A name that has an id already keeps it: that id is in our maps.
            _ = names.apply(.given(id, name))
        }
        return names
    }
}
