import Model

/// The programs at the interfaces of managed pods: attached as pods come, detached as they go.
struct PodIngress: Sendable {
    /// What became of an interface.
    private enum Outcome: Hashable {
        case attached(XDPAttachment)
        case failed(String)
    }

    /// Whether the programs tell answers from requests: then what a pod opened before is made known to them.
    var tellsAnswers = true
    /// Attached or replaced by this agent.
    private var attached: Set<XDPAttachment> = []
    /// What was told already, by pod and interface.
    private var told: [String: String] = [:]
    /// Pods all of whose interfaces have the program.
    private(set) var enforcedCount = 0

    /// Takes links over that hold this data plane's program by now.
    mutating func adopt(_ attachments: [XDPAttachment]) { attached = Set(attachments) }

    /// Attaches to all interfaces of the pods, and detaches from what is no pod's.
    /// - Parameters:
    ///   - pods: All that are managed; with what was found of their namespaces, nil where that cannot be told.
    ///   - isThorough: Whether to look at interfaces again to which the program was attached before.
    mutating func settle(
        _ pods: [(pod: ManagedPod, namespace: NetworkNamespace?)], on dataplane: borrowing Dataplane,
        isThorough: Bool, log: Log
    ) throws(LoadError) {
        let cookies = Set(pods.map(\.pod.netnsCookie))
        for attachment in try XDPAttachment.pinned(in: dataplane.pins)
        where !cookies.contains(attachment.netnsCookie) {
            try attachment.detach(from: dataplane.pins)
            attached.remove(attachment)
            log.info("no longer judged", LogField("link", .init(attachment.linkName)))
        }
        attached = attached.filter { cookies.contains($0.netnsCookie) }
        var failures: [String: String] = [:]
        enforcedCount = 0
        for (pod, namespace) in pods {
            let name = "\(pod.namespace)/\(pod.name)"
            guard let namespace else {
                failures[name] = "its network namespace cannot be opened: \(pod.netnsPath)"
                continue
            }
            let listed = namespace.interfaces.map {
                XDPAttachment(netnsCookie: namespace.cookie, interfaceIndex: $0.index)
            }
            if tellsAnswers, !attached.isSuperset(of: listed) {
                // First, so that no answer to what the pod opened before meets the program without it.
                if let failure = Self.recordFlows(of: pod, on: dataplane) { failures["\(name) flows"] = failure }
            }
            for (interface, expected) in zip(namespace.interfaces, listed)
            where isThorough || !attached.contains(expected) {
                switch attach(interface.name, of: namespace, on: dataplane, name, log) {
                case .attached(let attachment): attached.insert(attachment)
                case .failed(let message):
                    attached.remove(expected)
                    failures["\(name) \(interface.name)"] = message
                }
            }
            if namespace.unlistedInterfaceCount > 0 {
                failures[name] = "\(namespace.unlistedInterfaceCount) interfaces too many"
            } else if !listed.isEmpty, attached.isSuperset(of: listed) {
                enforcedCount += 1
            }
        }
        for (place, message) in failures.sorted(by: { $0.key < $1.key }) where told[place] != message {
            log.error("not enforced", LogField("pod", .init(place)), LogField("error", .init(message)))
        }
        told = failures
    }

    /// Lets answers in to connections that the pod opened before it was judged.
    /// - Returns: why not, nil when it is done. Then they are judged like others: fewer get in, not more.
    static func recordFlows(of pod: ManagedPod, on dataplane: borrowing Dataplane) -> String? {
        do {
            try dataplane.recordOpened(try OpenFlow.replies(inNamespace: pod.netnsPath))
            return nil
        } catch {
            return "its own connections are not known: \(error)"
        }
    }

    private func attach(
        _ interface: String, of namespace: NetworkNamespace, on dataplane: borrowing Dataplane, _ pod: String,
        _ log: Log
    ) -> Outcome {
        do throws(LoadError) {
            let (attachment, origin) = try dataplane.attachIngress(to: interface, of: namespace)
            if origin != .replaced {
                log.info(
                    "judged", LogField("pod", .init(pod)), LogField("interface", .init(interface)),
                    LogField("mode", .init(origin == .native ? "native" : "generic")))
            }
            return .attached(attachment)
        } catch {
            return .failed("\(error)")
        }
    }
}
