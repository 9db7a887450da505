internal import CBPF
internal import CLinux
import Glibc

/// Our filter of an interface's clsact qdisc: cls_bpf, in direct-action mode, by a priority and a handle of our own.
struct ClsactFilter {
    /// Behind those of priority 1, which many take for theirs, and before all that name none.
    static let priority: UInt32 = 2

    private let place: TCAttachment.Place
    private let interfaceIndex: UInt32

    init(_ place: TCAttachment.Place, interfaceIndex: UInt32) {
        self.place = place
        self.interfaceIndex = interfaceIndex
    }

    /// Apart, so that an interface may have both.
    private var handle: UInt32 { place == .pod ? 0xe0 : 0xd0 }

    /// Pinned while the qdisc is one that we made.
    private var qdiscPin: String { "clsact_made_\(interfaceIndex)" }

    /// The size of a structure up to its last member: libbpf wants what is behind it to be zero, and a copy's padding may be
    /// anything.
    private static func byteCount<Structure>(upTo last: PartialKeyPath<Structure>) -> Int {
        guard let offset = MemoryLayout<Structure>.offset(of: last) else {
            preconditionFailure("members of C are stored")
        }
        return offset + MemoryLayout<UInt32>.size
    }

    private var hook: bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = Self.byteCount(upTo: \bpf_tc_hook.parent)
        hook.ifindex = CInt(bitPattern: interfaceIndex)
        hook.attach_point = BPF_TC_INGRESS
        return hook
    }

    private var options: bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = Self.byteCount(upTo: \bpf_tc_opts.priority)
        options.handle = handle
        options.priority = Self.priority
        return options
    }

    /// The number of our program that is there; nil without one, also without interface.
    func program() throws(LoadError) -> UInt32? {
        guard let id = try holder() else { return nil }
        return try Dataplane.ourProgram(id, [place.program]) == nil ? nil : id
    }

    /// The number of whatever program has the place.
    private func holder() throws(LoadError) -> UInt32? {
        var (hook, options) = (hook, options)
        // In bounds: libbpf reads and fills the structures by their sizes.
        let status = unsafe bpf_tc_query(&hook, &options)
        // No filter, no qdisc, no interface.
        if [-ENOENT, -EINVAL, -ENODEV].contains(status) { return nil }
        guard status == 0 else {
            throw .kernel(KernelError("look at the filters of", "\(interfaceIndex)", errno: -status))
        }
        return options.prog_id
    }

    /// Makes the filter, and the qdisc where there is none.
    func make(_ program: CInt, _ interface: String, _ pinName: String, _ pins: PinDirectory) throws(LoadError) {
        if let id = try holder(), try Dataplane.ourProgram(id, [place.program]) == nil {
            throw .filterTaken(interface: interface, priority: Self.priority, handle: handle)
        }
        var hook = hook
        // In bounds: libbpf reads the structure by its size.
        let status = unsafe bpf_tc_hook_create(&hook)
        guard status == 0 || status == -EEXIST else {
            throw .kernel(KernelError("make the clsact qdisc of", interface, errno: -status))
        }
        if status == 0 { try pins.pin(program, as: qdiscPin) }
        try pins.pin(program, as: pinName)
        do throws(LoadError) {
            try put(program, interface)
        } catch {
            try remove(pins)
            try pins.unpin(pinName)
            throw error
        }
    }

    /// Puts a program in the filter's place, in one step.
    func put(_ program: CInt, _ object: String) throws(LoadError) {
        var (hook, options) = (hook, options)
        options.prog_fd = program
        options.flags = UInt32(BPF_TC_F_REPLACE.rawValue)
        // In bounds: libbpf reads and fills the structures by their sizes.
        let status = unsafe bpf_tc_attach(&hook, &options)
        guard status == 0 else { throw .kernel(KernelError("put a filter at", object, errno: -status)) }
    }

    /// Removes the filter where it is ours, and the qdisc when we made it and nothing else is in it. With anything of
    /// others in it, it is ours no longer.
    func remove(_ pins: PinDirectory) throws(LoadError) {
        let wasThere = try program() != nil
        if wasThere {
            var (hook, options) = (hook, options)
            // In bounds: libbpf reads the structures by their sizes.
            let status = unsafe bpf_tc_detach(&hook, &options)
            guard status == 0 || status == -ENOENT else {
                throw .kernel(KernelError("remove the filter of", "\(interfaceIndex)", errno: -status))
            }
        }
        let other = ClsactFilter(place == .pod ? .uplink : .pod, interfaceIndex: interfaceIndex)
        guard try pins.open(qdiscPin) != nil, try other.program() == nil else { return }
        // Without our filter in it, it is one of another interface with the number, or made by others since.
        if wasThere { removeEmptyQdisc() }
        try pins.unpin(qdiscPin)
    }

    private func removeEmptyQdisc() {
        var count: UInt32 = 0
        // In bounds: the call fills the one number.
        guard unsafe km_count_filters(interfaceIndex, &count) == 0, count == 0 else { return }
        var hook = hook
        hook.attach_point = bpf_tc_attach_point(BPF_TC_INGRESS.rawValue | BPF_TC_EGRESS.rawValue)
        // In bounds: libbpf reads the structure by its size. Somebody else may have removed it.
        _ = unsafe bpf_tc_hook_destroy(&hook)
    }
}
