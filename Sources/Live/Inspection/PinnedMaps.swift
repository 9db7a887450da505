internal import CBPF
public import Model

/// The maps that somebody pinned, ours or upstream's, to be looked at and not to be run.
public struct PinnedMaps: ~Copyable {
    /// How full a map is.
    public struct Fill: Hashable, Sendable {
        public var name: KernelMapName
        public var entryCount: Int
        public var capacity: Int
    }

    public let pins: PinDirectory
    /// Knows the layouts; nothing of it is loaded.
    private let object: ProgramObject

    /// - Throws: when nothing of a data plane is pinned there.
    public init(_ pins: PinDirectory) throws(AgentError) {
        let object = try AgentError.wrapping { try ProgramObject.open() }
        var isThere = false
        for name in KernelMapName.inPrograms where !isThere {
            isThere = try AgentError.wrapping { try pins.open(name.rawValue) } != nil
        }
        guard isThere else { throw .refused("no data plane is pinned in \(pins.path)") }
        self.pins = pins
        self.object = object
    }

    /// Opens a map whose layout is as expected, nil when it is not pinned.
    borrowing func map<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ name: KernelMapName
    ) throws(LoadError) -> KernelMap<Key, Value>? {
        guard let descriptor = try pins.open(name.rawValue) else { return nil }
        try object.check(descriptor, as: name.rawValue, path: pins.path(of: name.rawValue))
        let capacity = try descriptor.withRaw { (raw) throws(LoadError) in
            try MapInformation(of: raw, name: name.rawValue).capacity
        }
        return KernelMap(name: name.rawValue, capacity: capacity, adopting: descriptor)
    }

    /// The pinned services, nil when they are not pinned.
    public borrowing func services() throws(LoadError) -> KernelMap<ServiceKey, ServiceValue>? { try map(.service) }

    /// What the maps hold; those that are not pinned are empty and take nothing.
    public borrowing func snapshot() throws(AgentError) -> (maps: MapStore, fills: [Fill]) {
        try AgentError.wrapping {
            var fills: [Fill] = []
            func read<Key: BitwiseCopyable, Value: BitwiseCopyable>(
                _ name: KernelMapName, _ key: Key.Type, _ value: Value.Type, _ take: (Key, Value) -> Void
            ) throws {
                guard let map: KernelMap<Key, Value> = try map(name) else { return }
                var count = 0
                try map.forEach {
                    count += 1
                    take($0, $1)
                }
                fills.append(Fill(name: name, entryCount: count, capacity: map.capacity))
            }
            // A copy is never fuller than its map; what holds them grows as it is filled.
            var maps = MapStore(
                capacities: MapCapacities(
                    frontend: .max, service: .max, endpoint: .max, backend: .max, manage: .max, nodeInfo: 0))
            try read(.frontend, FrontendKey.self, FrontendValue.self) { try? maps.frontend.update($0, to: $1) }
            try read(.service, ServiceKey.self, ServiceValue.self) { try? maps.service.update($0, to: $1) }
            try read(.endpoint, EndpointKey.self, EndpointValue.self) { try? maps.endpoint.update($0, to: $1) }
            try read(.backend, BackendKey.self, BackendValue.self) { try? maps.backend.update($0, to: $1) }
            try read(.backendAlternative, BackendKey.self, BackendAlternative.self) {
                try? maps.backendAlternative.update($0, to: $1)
            }
            try read(.servicePort, ServicePortKey.self, ServicePortValue.self) {
                try? maps.servicePort.update($0, to: $1)
            }
            try read(.manage, ManageKey.self, ManageValue.self) { try? maps.manage.update($0, to: $1) }
            return (maps, fills)
        }
    }

    /// Takes a pod's namespace and addresses into the mesh, or lets them go.
    public borrowing func set(_ pod: ManagedPod, isManaged: Bool) throws(AgentError) {
        try AgentError.wrapping {
            guard let map: KernelMap<ManageKey, ManageValue> = try map(.manage) else { return }
            for key in pod.keys {
                if isManaged { try map.update(key, to: ManageValue(state: 0)) } else { try map.delete(key) }
            }
        }
    }

    /// How often which hook ended how; nothing where that is not counted.
    public borrowing func exitCounts() throws(AgentError) -> [ExitCounters.Count] {
        try AgentError.wrapping {
            guard let descriptor = try pins.open(ExitCounters.mapName) else { return [] }
            let path = pins.path(of: ExitCounters.mapName)
            try object.check(descriptor, as: ExitCounters.mapName, path: path)
            guard try ExitCounters.isCurrent(descriptor) else {
                throw LoadError.layout(
                    map: ExitCounters.mapName, path: path, difference: "it counts other hooks and reasons")
            }
            return try ExitCounters(adopting: descriptor).counts()
        }
    }

    /// Which programs are attached by what is pinned, by their names in the kernel, in the order of attachment; last those
    /// at interfaces.
    public borrowing func attachedPrograms() throws(AgentError) -> [String] {
        try AgentError.wrapping {
            var names: [String] = []
            for program in HookProgram.attachmentOrder {
                if let link = try pins.open(program.linkName), try Self.isAttached(link, program.linkName) {
                    names.append(program.rawValue)
                }
            }
            let isAtPods = try XDPAttachment.pinned(in: pins).contains { try $0.program(in: pins) != nil }
            if isAtPods { names.append(HookProgram.xdpIngress.rawValue) }
            let marking = try TCAttachment.pinned(in: pins).filter { try $0.program(in: pins) != nil }
            for place in TCAttachment.Place.allCases where marking.contains(where: { $0.place == place }) {
                names.append(place.program.rawValue)
            }
            return names
        }
    }

    /// A link outlives the cgroup that it was to.
    private static func isAttached(_ link: borrowing Descriptor, _ name: String) throws(LoadError) -> Bool {
        var information = bpf_link_info()
        var size = UInt32(MemoryLayout<bpf_link_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = link.withRaw { unsafe bpf_obj_get_info_by_fd($0, &information, &size) }
        guard status == 0 else { throw .kernel(KernelError("look at", name, errno: -status)) }
        return information.cgroup.cgroup_id != 0
    }

    /// Opens what the programs send to whoever listens.
    public borrowing func openEvents(
        receive: @escaping RingBuffer.Receiver
    ) throws(AgentError) -> RingBuffer {
        try AgentError.wrapping {
            guard let descriptor = try pins.open("km_event") else {
                throw AgentError.refused("the programs pinned in \(pins.path) send no events")
            }
            return try RingBuffer("km_event", adopting: descriptor, receive: receive)
        }
    }

    /// The variables by which the programs are told that somebody listens.
    public borrowing func openVariables() throws(AgentError) -> ProgramVariables {
        try AgentError.wrapping {
            guard let descriptor = try pins.open(Dataplane.variablesName) else {
                throw AgentError.refused("the programs pinned in \(pins.path) send no events")
            }
            return ProgramVariables(adopting: descriptor)
        }
    }
}
