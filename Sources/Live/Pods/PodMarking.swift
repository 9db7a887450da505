import Model

/// The programs that mark packets for encryption: at the node's ends of the managed pods' interfaces and at the uplinks,
/// attached as these come, detached as they go.
struct PodMarking: Sendable {
    /// The names of interfaces by which other nodes are reached.
    enum Uplinks: Sendable {
        /// By the user: one may be missing now and come later, and others are none.
        case named([String])
        /// Those that have the node's addresses now. An interface may be without its address for a moment: what was one
        /// is one until it is gone.
        case found([String])

        var names: [String] {
            switch self {
            case .named(let names), .found(let names): names
            }
        }
    }

    /// Attached or replaced by this agent.
    private var attached: Set<TCAttachment> = []
    /// What was told already, by pod and interface, or by uplink.
    private var told: [String: String] = [:]
    /// Pods all of whose interfaces have the program.
    private(set) var markedPodCount = 0
    /// Uplinks that have the program.
    private(set) var uplinks: [String] = []
    /// Whether there are uplinks, and none of them is without it.
    private(set) var hasAllUplinks = false
    /// What does not have it that is to have it, a sentence each without its full stop, in order.
    var problems: [String] { told.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" } }

    /// Takes attachments over that have this data plane's program by now.
    mutating func adopt(_ attachments: [TCAttachment]) { attached = Set(attachments) }

    /// Attaches to all interfaces of the pods and to the uplinks, and detaches from others.
    /// - Parameters:
    ///   - pods: All that are managed; with what was found of their namespaces, nil where that cannot be told.
    ///   - isThorough: Whether to look at interfaces again to which the program was attached before.
    mutating func settle(
        _ pods: [(pod: ManagedPod, namespace: NetworkNamespace?)], uplinks given: Uplinks,
        on dataplane: borrowing Dataplane, isThorough: Bool, log: Log
    ) throws(LoadError) {
        var wanted: [(place: TCAttachment.Place, interface: HostInterface, name: String)] = []
        var failures: [String: String] = [:]
        // Of what cannot be looked at everything stays.
        var unsure: Set<TCAttachment.Place> = []
        var needed: [String: [UInt32]] = [:]
        for (pod, namespace) in pods {
            let name = "\(pod.namespace)/\(pod.name)"
            guard let namespace else {
                failures[name] = "its network namespace cannot be opened: \(pod.netnsPath)"
                unsure.insert(.pod)
                continue
            }
            var ends: [UInt32]? = []
            for interface in namespace.interfaces {
                let place = "\(name) \(interface.name)"
                do throws(KernelError) {
                    let found = try HostInterface.end(
                        ofPodInterface: interface.index, linkedTo: interface.peerIndex)
                    if let found { wanted.append((.pod, found, place)) }
                    if found == nil { failures[place] = "it has no end of its own on this node" }
                    ends = found.flatMap { end in ends.map { $0 + [end.index] } }
                } catch {
                    failures[place] = "\(error)"
                    unsure.insert(.pod)
                    ends = nil
                }
            }
            needed[name] = ends
        }
        let names = given.names
        if names.isEmpty {
            failures["uplinks"] = "no interface of this node has one of its addresses; name them with --uplink"
        }
        for name in names {
            do throws(KernelError) {
                wanted.append((.uplink, try HostInterface(name: name), name))
            } catch {
                if !error.isMissingInterface { unsure.insert(.uplink) }
                failures[name] = "\(error)"
            }
        }
        if case .found = given { unsure.insert(.uplink) }
        try detach(except: wanted.map { ($0.place, $0.interface.index) }, unsure, dataplane.pins, log)
        for (place, interface, name) in wanted where isThorough || !has(place, interface) {
            do throws(LoadError) {
                let (attachment, origin) =
                    try place == .pod
                    ? dataplane.attachPodMarking(to: interface) : dataplane.attachUplink(interface)
                attached.insert(attachment)
                guard origin == .made else { continue }
                log.info(
                    "marked for encryption", LogField(place == .pod ? "pod" : "uplink", .init(name)),
                    LogField("interface", .init(interface.name)), LogField("by", .init(attachment.mechanism.rawValue)))
            } catch {
                attached = attached.filter { $0.place != place || $0.interfaceIndex != interface.index }
                failures[name] = "\(error)"
            }
        }
        markedPodCount = needed.values.count { ends in
            !ends.isEmpty
                && ends.allSatisfy { index in attached.contains { $0.place == .pod && $0.interfaceIndex == index } }
        }
        uplinks = wanted.filter { $0.place == .uplink && has($0.place, $0.interface) }.map(\.name)
        hasAllUplinks = !names.isEmpty && uplinks.count == names.count
        for (place, message) in failures.sorted(by: { $0.key < $1.key }) where told[place] != message {
            log.error("not marked for encryption", LogField("at", .init(place)), LogField("error", .init(message)))
        }
        told = failures
    }

    /// Detaches from everything: encryption is off.
    static func detachAll(from pins: PinDirectory) throws(LoadError) {
        for attachment in try TCAttachment.pinned(in: pins) { try attachment.detach(from: pins) }
    }

    private func has(_ place: TCAttachment.Place, _ interface: HostInterface) -> Bool {
        attached.contains { $0.place == place && $0.interfaceIndex == interface.index }
    }

    /// - Parameter unsure: Places of which only what is surely gone is taken away.
    private mutating func detach(
        except wanted: [(TCAttachment.Place, UInt32)], _ unsure: Set<TCAttachment.Place>, _ pins: PinDirectory,
        _ log: Log
    ) throws(LoadError) {
        for attachment in try TCAttachment.pinned(in: pins)
        where !wanted.contains(where: { $0 == attachment.place && $1 == attachment.interfaceIndex })
            && (!unsure.contains(attachment.place) || HostInterface.isGone(attachment.interfaceIndex))
        {
            try attachment.detach(from: pins)
            attached.remove(attachment)
            log.info("no longer marked for encryption", LogField("pin", .init(attachment.pinName)))
        }
    }
}
