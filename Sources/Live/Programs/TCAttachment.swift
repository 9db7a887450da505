internal import CBPF
internal import CLinux
import Glibc
import Model

/// A program at an interface of the node (tc), for packets on their way in. In the pin directory are its link, or where
/// the kernel has no tcx the program, by the interface's number.
///
/// Ours is before others by tcx, and by clsact at a priority that few are before; what follows is asked unless the preset
/// is upstream's. Nothing of others is moved or removed.
public struct TCAttachment: Hashable, Sendable {
    /// Which program it is.
    public enum Place: String, Hashable, Sendable, CaseIterable {
        /// The node's end of a pod's interface.
        case pod
        case uplink

        var program: HookProgram { self == .pod ? .tcPod : .tcUplink }
    }

    /// How it is attached.
    public enum Mechanism: String, Hashable, Sendable, CaseIterable {
        /// A link; since Linux 6.6.
        case tcx
        /// A filter of the clsact qdisc.
        case clsact
    }

    /// How the program came to be where it is.
    public enum Origin: Hashable, Sendable {
        /// Attached now.
        case made
        /// It took the place of an earlier one of ours, in one step.
        case replaced
    }

    public let place: Place
    public let mechanism: Mechanism
    public let interfaceIndex: UInt32

    init(_ place: Place, _ mechanism: Mechanism, interfaceIndex: UInt32) {
        self.place = place
        self.mechanism = mechanism
        self.interfaceIndex = interfaceIndex
    }

    // MARK: Pins

    /// The name of what is pinned, such as `tcx_pod_12`.
    public var pinName: String { "\(mechanism.rawValue)_\(place.rawValue)_\(interfaceIndex)" }

    /// The attachment of a pin by its name, nil for another name.
    init?(pinName: String) {
        let parts = pinName.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, let mechanism = Mechanism(rawValue: String(parts[0])),
            let place = Place(rawValue: String(parts[1])), let index = Digits.decimal(parts[2], as: UInt32.self)
        else { return nil }
        self.init(place, mechanism, interfaceIndex: index)
    }

    /// Those that are pinned, by place and interface.
    public static func pinned(in pins: PinDirectory) throws(LoadError) -> [TCAttachment] {
        var found: Set<TCAttachment> = []
        for name in try pins.names() {
            // A crash may have left one on its way to its place.
            let settled =
                name.hasSuffix(PinDirectory.newSuffix) ? name.dropLast(PinDirectory.newSuffix.count) : name[...]
            if let attachment = TCAttachment(pinName: String(settled)) { found.insert(attachment) }
        }
        return found.sorted {
            ($0.place.rawValue, $0.interfaceIndex, $0.mechanism.rawValue)
                < ($1.place.rawValue, $1.interfaceIndex, $1.mechanism.rawValue)
        }
    }

    // MARK: Coming and going

    /// Attaches a program to an interface, or puts it in the place of ours that is there.
    /// - Parameter wanted: How; nil for tcx where the kernel has it. What is attached stays as it is.
    static func attach(
        _ program: CInt, at place: Place, to interface: HostInterface, in pins: PinDirectory,
        by wanted: Mechanism? = nil
    ) throws(LoadError) -> (attachment: TCAttachment, origin: Origin) {
        guard interface.isEthernet else { throw .noEthernet(interface: interface.name) }
        for mechanism in Mechanism.allCases {
            let attachment = TCAttachment(place, mechanism, interfaceIndex: interface.index)
            if try attachment.replace(with: program, in: pins) { return (attachment, .replaced) }
        }
        if wanted != .clsact {
            let attachment = TCAttachment(place, .tcx, interfaceIndex: interface.index)
            if try attachment.link(program, interface, pins, mayLack: wanted == nil) { return (attachment, .made) }
        }
        let attachment = TCAttachment(place, .clsact, interfaceIndex: interface.index)
        let filter = ClsactFilter(place, interfaceIndex: interface.index)
        try filter.make(program, interface.name, attachment.pinName, pins)
        return (attachment, .made)
    }

    /// Puts a program in the place of ours, in one step.
    /// - Returns: whether it has a place: not when nothing is pinned, or when the interface is gone.
    func replace(with program: CInt, in pins: PinDirectory) throws(LoadError) -> Bool {
        guard let pinned = try pins.open(pinName) else { return false }
        switch mechanism {
        case .tcx:
            let status = pinned.withRaw { bpf_link_update($0, program, nil) }
            // ENOLINK: the interface is gone, and another may have its number.
            if status == -ENOLINK { return false }
            guard status == 0 else { throw .kernel(KernelError("replace", pinName, errno: -status)) }
            return true
        case .clsact:
            let filter = ClsactFilter(place, interfaceIndex: interfaceIndex)
            guard try filter.program() != nil else { return false }
            try filter.put(program, pinName)
            try pins.pin(program, as: pinName)
            return true
        }
    }

    /// The number of the program that is in its place, nil without one, or when the interface is gone.
    func program(in pins: PinDirectory) throws(LoadError) -> UInt32? {
        guard let pinned = try pins.open(pinName) else { return nil }
        guard mechanism == .tcx else {
            return try ClsactFilter(place, interfaceIndex: interfaceIndex).program()
        }
        var information = bpf_link_info()
        var size = UInt32(MemoryLayout<bpf_link_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = pinned.withRaw { unsafe bpf_obj_get_info_by_fd($0, &information, &size) }
        guard status == 0 else { throw .kernel(KernelError("look at", pinName, errno: -status)) }
        // The same place as of a link by tcx, which older headers do not have.
        return information.xdp.ifindex == interfaceIndex ? information.prog_id : nil
    }

    /// Takes the program out of force and the pin away.
    /// - Returns: whether it was there.
    @discardableResult
    public func detach(from pins: PinDirectory) throws(LoadError) -> Bool {
        switch mechanism {
        case .tcx: return try pins.unpinLink(pinName)
        case .clsact:
            try ClsactFilter(place, interfaceIndex: interfaceIndex).remove(pins)
            return try pins.unpin(pinName)
        }
    }

    /// - Parameter mayLack: Whether a kernel without tcx is no error.
    /// - Returns: false where the kernel has no tcx.
    private func link(
        _ program: CInt, _ interface: HostInterface, _ pins: PinDirectory, mayLack: Bool
    ) throws(LoadError) -> Bool {
        let raw = km_link_tcx(interfaceIndex, program)
        if mayLack, [-EINVAL, -EOPNOTSUPP].contains(raw) { return false }
        guard raw >= 0 else {
            throw .kernel(KernelError("attach to the interface", interface.name, errno: -raw))
        }
        let link = Descriptor(adopting: raw)
        try link.withRaw { (raw) throws(LoadError) in try pins.pin(raw, as: pinName) }
        return true
    }
}
