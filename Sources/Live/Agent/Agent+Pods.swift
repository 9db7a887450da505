import Model

extension Agent {
    /// Takes the recorded pods whose namespaces are still there into the mesh: into km_manage, and under the policies.
    /// - Parameter isThorough: Whether to look at interfaces again that are known.
    mutating func managePods(isThorough: Bool = false) throws(AgentError) {
        let recorded = try AgentError.wrapping { try ManagedPods(inDirectory: configuration.stateDirectory) }
        for pod in pods.sorted where recorded[pod.netnsCookie] == nil {
            try AgentError.wrapping { try dataplane.maps.release(pod) }
        }
        pods = recorded
        let presence = presence()
        // First who is gone: an address may be another pod's by now.
        for (pod, presence) in presence where presence == .gone {
            if goneNamespaces.insert(pod.netnsCookie).inserted {
                log.warning("a managed pod's namespace is gone", Self.name(of: pod))
            }
            try AgentError.wrapping { try dataplane.maps.release(pod) }
        }
        for (pod, presence) in presence where presence != .gone {
            if case .unknown(let error) = presence {
                // What cannot be told changes nothing: the pod stays in the mesh.
                log.debug(
                    "a managed pod's namespace cannot be opened", Self.name(of: pod), LogField("error", .init(error)))
            }
            try AgentError.wrapping { try dataplane.maps.manage(pod) }
            goneNamespaces.remove(pod.netnsCookie)
        }
        // Its policies are in force before a pod is judged.
        try tellPolicies(of: presence.compactMap { $0.pod.judged($0.presence) })
        if isAttached { try settleIngress(presence, isThorough: isThorough) }
    }

    /// Attaches to the interfaces of the managed pods, where packets are encrypted to the uplinks too, and detaches from
    /// others.
    mutating func settleIngress(isThorough: Bool) throws(AgentError) {
        try settleIngress(presence(), isThorough: isThorough)
    }

    private mutating func settleIngress(
        _ presence: [(pod: ManagedPod, presence: NetworkNamespace.Presence)], isThorough: Bool
    ) throws(AgentError) {
        let there = presence.compactMap { pod, presence in
            switch presence {
            case .there(let namespace): (pod: pod, namespace: Optional(namespace))
            case .unknown: (pod: pod, namespace: nil)
            case .gone: nil
            }
        }
        try AgentError.wrapping { try ingress.settle(there, on: dataplane, isThorough: isThorough, log: log) }
        try settleMarking(there, isThorough: isThorough)
    }

    /// Lets answers in to what pods opened while nobody took note of it: before programs judge that judged differently.
    func recordOpenFlows() {
        guard policies != nil, !dataplane.adoptedMaps.contains(AuthorizationMapName.flow.rawValue) else { return }
        for (pod, presence) in presence() where presence != .gone {
            guard let failure = PodIngress.recordFlows(of: pod, on: dataplane) else { continue }
            log.error("not enforced", Self.name(of: pod), LogField("error", .init(failure)))
        }
    }

    private func presence() -> [(pod: ManagedPod, presence: NetworkNamespace.Presence)] {
        pods.sorted.map { ($0, NetworkNamespace.presence(of: $0)) }
    }

    private static func name(of pod: ManagedPod) -> LogField { LogField("pod", .init("\(pod.namespace)/\(pod.name)")) }
}

extension ManagedPod {
    /// The pod with all addresses at which it is to be judged; nil when it is gone.
    func judged(_ presence: NetworkNamespace.Presence) -> ManagedPod? {
        switch presence {
        case .gone: return nil
        case .unknown: return self
        case .there(let namespace):
            var pod = self
            pod.addresses += namespace.addresses.filter { !addresses.contains($0) }
            return pod
        }
    }
}
