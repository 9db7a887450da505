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

    private var hook: bpf_tc_hook {
        var hook = bpf_tc_hook()
        hook.sz = MemoryLayout<bpf_tc_hook>.size
        hook.ifindex = CInt(bitPattern: interfaceIndex)
        hook.attach_point = BPF_TC_INGRESS
        return hook
    }

    private var options: bpf_tc_opts {
        var options = bpf_tc_opts()
        options.sz = MemoryLayout<bpf_tc_opts>.size
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

    /// Removes the filter where it is ours, and the qdisc when we made it and nothing else is in it.
    func remove(_ pins: PinDirectory) throws(LoadError) {
        if try program() != nil {
            var (hook, options) = (hook, options)
            // In bounds: libbpf reads the structures by their sizes.
            let status = unsafe bpf_tc_detach(&hook, &options)
            guard status == 0 || status == -ENOENT else {
                throw .kernel(KernelError("remove the filter of", "\(interfaceIndex)", errno: -status))
            }
        }
        guard try pins.open(qdiscPin) != nil else { return }
        var count: UInt32 = 0
        // In bounds: the call fills the one number.
        let error = unsafe km_count_filters(interfaceIndex, &count)
        if error == 0, count > 0 { return }
        if error == 0 {
            var hook = hook
            hook.attach_point = bpf_tc_attach_point(BPF_TC_INGRESS.rawValue | BPF_TC_EGRESS.rawValue)
            // In bounds: libbpf reads the structure by its size. Somebody else may have removed it.
            _ = unsafe bpf_tc_hook_destroy(&hook)
        }
        try pins.unpin(qdiscPin)
    }
}
