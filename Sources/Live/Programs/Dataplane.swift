internal import CBPF
import Glibc
import Model

/// The data plane of a node in the kernel: programs, maps and their pins.
///
/// Made in steps, so that lookups never meet half of it: `init` loads programs and opens or makes the maps, the caller
/// fills the maps, `attach` puts the programs in force. What is pinned stays when this value goes.
public struct Dataplane: ~Copyable {
    /// Name of the pin of the programs' variables.
    static let variablesName = "km_variables"

    public let pins: PinDirectory
    /// The maps that the compiler fills.
    public let maps: KernelMapStore
    /// Names of the maps that were there before, pinned by us or by upstream.
    public let adoptedMaps: Set<String>
    /// The maps that compiled policies are brought into: empty ones, made for these programs.
    public let authorization: AuthorizationKernelMaps
    /// Whose packets are encrypted.
    public let encryption: EncryptionKernelMaps
    /// How often which hook ended how.
    public let exitCounters: ExitCounters
    let object: ProgramObject

    /// Loads the programs.
    ///
    /// Compiled policies are never adopted: each load makes maps for them, empty, and the caller fills these before it
    /// puts the programs in force. Until a program is replaced it goes on with the maps that it was loaded with, which
    /// live as long as it does, whatever is pinned by their names. Flows that pods opened are adopted.
    /// - Parameters:
    ///   - settings: How they are to behave.
    ///   - pins: Where objects are, and are to be, pinned; made if missing.
    ///   - adopting: Where upstream Kmesh pinned its maps; they are used in the place of ours.
    ///   - isFresh: Makes the maps that follow the mesh anew, although there are pinned ones: to change capacities.
    public init(
        _ settings: ProgramSettings, pins: PinDirectory, adopting foreign: PinDirectory? = nil, isFresh: Bool = false
    ) throws(LoadError) {
        try pins.make()
        let object = try ProgramObject.open()
        object.set(settings)
        var adopted: Set<String> = []
        for name in KernelMapName.inPrograms {
            object.setCapacity(name.capacity(settings.options.capacities), of: name.rawValue)
        }
        object.setAuthorizationCapacities(settings)
        for name in EncryptionMapName.allCases {
            object.setCapacity(settings.options.capacities.nodeInfo, of: name.rawValue)
        }
        for name in ProgramObject.mapNames {
            let authorization = AuthorizationMapName(rawValue: name)
            if authorization?.isMadeAnew == true { continue }
            if let map = try pins.open(name), let authorization, try authorization.isTooSmall(map, settings) {
                continue
            }
            // Another version's counts begin anew.
            if name == ExitCounters.mapName, let map = try pins.open(name), try !ExitCounters.isCurrent(map) {
                continue
            }
            let followsMesh = KernelMapName(rawValue: name).map { $0 != .manage && $0 != .nodeInfo } ?? false
            if let foreign, let map = try foreign.open(name) {
                try object.use(map, as: name, path: foreign.path(of: name))
                adopted.insert(name)
            } else if !(isFresh && followsMesh), let map = try pins.open(name) {
                try object.use(map, as: name, path: pins.path(of: name))
                adopted.insert(name)
            }
        }
        try object.load()
        let maps = try KernelMapStore.opening { (name) throws(LoadError) in try object.openMap(name) }
        let authorization = try AuthorizationKernelMaps.opening { (name) throws(LoadError) in
            try object.openMap(name)
        } variables: { () throws(LoadError) in
            try object.openVariables()
        }
        let encryption = try EncryptionKernelMaps.opening { (name) throws(LoadError) in try object.openMap(name) }
        let counts = try object.openMap(ExitCounters.mapName)
        self.maps = maps
        self.authorization = authorization
        self.encryption = encryption
        exitCounters = ExitCounters(adopting: counts)
        adoptedMaps = adopted
        self.pins = pins
        self.object = object
    }

    /// Puts the programs in force for the processes of a cgroup and pins everything. Programs of an earlier run are
    /// replaced one by one, each in one step; without an earlier run, a failure takes back what was attached.
    ///
    /// First the maps take their pinned names, then the programs their places; those at the interfaces of pods follow
    /// by `replaceIngress()`. Cut short in between, programs of the earlier run go on with the policies that they have.
    public borrowing func attach(cgroup path: String) throws(LoadError) {
        let cgroup = try CgroupAttachment(path: path)
        for name in ProgramObject.mapNames {
            let map = try object.openMap(name)
            try map.withRaw { (raw) throws(LoadError) in try pins.pin(raw, as: name) }
        }
        let variables = try object.openVariables()
        try variables.withRaw { (raw) throws(LoadError) in try pins.pin(raw, as: Self.variablesName) }
        try fillTailCalls()
        try attachMessageProgram()
        var made: [String] = []
        do {
            for program in HookProgram.attachmentOrder {
                guard let type = program.cgroupAttachType else { continue }
                let isLoaded: Void? = try object.withProgram(program) { (raw) throws(LoadError) in
                    if try cgroup.attach(raw, type, as: program.linkName, in: pins) { made.append(program.linkName) }
                }
                // A program that is not wanted any more.
                if isLoaded == nil { try pins.unpinLink(program.linkName) }
            }
        } catch {
            for name in made { _ = try? pins.unpinLink(name) }
            throw error
        }
    }

    /// A waypoint's address is looked up by these programs.
    private borrowing func fillTailCalls() throws(LoadError) {
        for program in HookProgram.allCases {
            guard let (name, slot) = program.tailCall else { continue }
            let map = try object.openMap(name)
            _ = try object.withProgram(program) { (raw) throws(LoadError) in
                var (slot, program) = (slot, raw)
                // In bounds: slots and descriptors have four bytes, as the map's keys and values.
                let status = map.withRaw { unsafe bpf_map_update_elem($0, &slot, &program, UInt64(BPF_ANY)) }
                guard status == 0 else { throw .kernel(KernelError("fill", name, errno: -status)) }
            }
        }
    }

    /// sk_msg belongs to the map of sockets; what was there before is replaced.
    private borrowing func attachMessageProgram() throws(LoadError) {
        let sockets = try object.openMap("km_socket")
        _ = try object.withProgram(.skMsg) { (raw) throws(LoadError) in
            let status = sockets.withRaw { bpf_prog_attach(raw, $0, BPF_SK_MSG_VERDICT, 0) }
            guard status == 0 else { throw .kernel(KernelError("attach", "km_sk_msg", errno: -status)) }
        }
    }

    /// Instructions that the verifier went through, by program.
    public borrowing func verifiedInstructionCounts() throws(LoadError) -> [(name: String, count: Int)] {
        try object.verifiedInstructionCounts()
    }

    /// The variables of the programs that are loaded.
    public borrowing func openVariables() throws(LoadError) -> ProgramVariables {
        ProgramVariables(adopting: try object.openVariables())
    }

    /// A descriptor of a map of its own, by the map's name.
    public borrowing func openMap(_ name: String) throws(LoadError) -> Descriptor { try object.openMap(name) }

    /// Whether a data plane is pinned in a directory, ours or upstream's.
    public static func isPinned(in pins: PinDirectory) -> Bool {
        KernelMapName.inPrograms.contains { name in
            // The path is lent for the call.
            unsafe access(pins.path(of: name.rawValue), F_OK) == 0
        }
    }

    /// Takes everything out of force and removes what this project pins in a directory; nothing else is touched.
    /// - Returns: the names that were there.
    public static func detach(from pins: PinDirectory) throws(LoadError) -> [String] {
        var removed: [String] = []
        for attachment in try TCAttachment.pinned(in: pins) where try attachment.detach(from: pins) {
            removed.append(attachment.pinName)
        }
        // Before sockops, which tells what is a reply.
        for attachment in try XDPAttachment.pinned(in: pins) where try attachment.detach(from: pins) {
            removed.append(attachment.linkName)
        }
        // Connects first: without connect, nothing comes to rely on the rest.
        let links = HookProgram.attachmentOrder.reversed().map(\.linkName)
        for name in links where try pins.unpinLink(name) { removed.append(name) }
        try leaveSharedMaps(of: pins)
        for name in ProgramObject.mapNames + [variablesName] where try pins.unpin(name) { removed.append(name) }
        try pins.removeIfEmpty()
        return removed
    }
}

extension KernelMapStore {
    /// Takes over descriptors of maps whose layouts were checked.
    static func opening(_ open: (String) throws(LoadError) -> Descriptor) throws(LoadError) -> KernelMapStore {
        func map<Key, Value>(_ name: KernelMapName) throws(LoadError) -> KernelMap<Key, Value> {
            let descriptor = try open(name.rawValue)
            let capacity = try descriptor.withRaw { (raw) throws(LoadError) in
                try MapInformation(of: raw, name: name.rawValue).capacity
            }
            return KernelMap(name: name.rawValue, capacity: capacity, adopting: descriptor)
        }
        let frontend: KernelMap<FrontendKey, FrontendValue> = try map(.frontend)
        let service: KernelMap<ServiceKey, ServiceValue> = try map(.service)
        let endpoint: KernelMap<EndpointKey, EndpointValue> = try map(.endpoint)
        let backend: KernelMap<BackendKey, BackendValue> = try map(.backend)
        let backendAlternative: KernelMap<BackendKey, BackendAlternative> = try map(.backendAlternative)
        let servicePort: KernelMap<ServicePortKey, ServicePortValue> = try map(.servicePort)
        let manage: KernelMap<ManageKey, ManageValue> = try map(.manage)
        return KernelMapStore(
            frontend: frontend, service: service, endpoint: endpoint, backend: backend,
            backendAlternative: backendAlternative, servicePort: servicePort, manage: manage)
    }
}
