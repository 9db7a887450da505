/// Whether what comes to a managed pod is judged: as the pinned links and the pod's interfaces tell, without the agent.
public struct PodEnforcement: Hashable, Sendable {
    /// Why an interface's packets, or all, are not judged.
    public enum Gap: Hashable, Sendable, CustomStringConvertible {
        /// Nobody but the loopback device reaches the pod's namespace.
        case noInterface
        case namespaceGone
        /// The namespace cannot be looked into.
        case unknown(String)
        /// Somebody else's program has the interface.
        case foreignProgram(interface: String, number: UInt32)
        /// The agent has not attached yet, or does not run.
        case notAttached(interface: String)
        case tooManyInterfaces(Int)

        public var description: String {
            switch self {
            case .noInterface: "it has no interface that is up"
            case .namespaceGone: "its namespace is gone"
            case .unknown(let error): error
            case .foreignProgram(let interface, let number):
                "another XDP program (number \(number)) is attached to \(interface), and was left in place"
            case .notAttached(let interface): "nothing is attached to \(interface); the agent does that"
            case .tooManyInterfaces(let count): "\(count) interfaces are too many"
            }
        }
    }

    /// Names of the interfaces whose packets are judged.
    public var interfaces: [String] = []
    public var gaps: [Gap] = []

    public var isEnforced: Bool { gaps.isEmpty }

    /// Whether the agent may still close the gaps by itself.
    public var isPending: Bool {
        gaps.contains { if case .notAttached = $0 { true } else { false } }
    }

    /// Looks at a pod.
    public init(of pod: ManagedPod, _ pins: PinDirectory) throws(AgentError) {
        switch NetworkNamespace.presence(of: pod) {
        case .gone: gaps = [.namespaceGone]
        case .unknown(let error): gaps = [.unknown("\(error)")]
        case .there(let namespace):
            for interface in namespace.interfaces {
                let attachment = XDPAttachment(netnsCookie: namespace.cookie, interfaceIndex: interface.index)
                let own = try AgentError.wrapping { try attachment.program(in: pins) }
                switch (own, interface.xdpProgram) {
                case (_?, _): interfaces.append(interface.name)
                case (nil, let number?): gaps.append(.foreignProgram(interface: interface.name, number: number))
                case (nil, nil): gaps.append(.notAttached(interface: interface.name))
                }
            }
            if namespace.interfaces.isEmpty { gaps.append(.noInterface) }
            if namespace.unlistedInterfaceCount > 0 {
                gaps.append(.tooManyInterfaces(namespace.unlistedInterfaceCount))
            }
        }
    }

    /// `enforced at eth0`, or `not enforced: …`.
    public var text: String {
        if gaps.isEmpty { return "enforced at \(interfaces.joined(separator: ", "))" }
        return "not enforced: \(gaps.map(\.description).joined(separator: "; "))"
    }
}
