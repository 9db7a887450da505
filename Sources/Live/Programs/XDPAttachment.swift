internal import CBPF
internal import CLinux
import Glibc
import Model

/// The program at the interface of a pod: a link, pinned by the pod's network namespace and the interface's number
/// there.
public struct XDPAttachment: Hashable, Sendable {
    /// How the program came to be where it is.
    public enum Origin: Hashable, Sendable {
        /// Attached now, in the driver.
        case native
        /// Attached now, above the driver, which cannot run programs itself. Slower.
        case generic
        /// It took the place of the one that the pinned link held, in one step.
        case replaced
    }

    /// What XDP_FLAGS_DRV_MODE and XDP_FLAGS_SKB_MODE say (linux/if_link.h).
    private static let (nativeMode, genericMode) = (UInt32(1 << 2), UInt32(1 << 1))
    private static let prefix = "xdp_"

    public let netnsCookie: UInt64
    public let interfaceIndex: UInt32

    /// The name of the pinned link.
    public var linkName: String { "\(Self.prefix)\(netnsCookie)_\(interfaceIndex)" }

    init(netnsCookie: UInt64, interfaceIndex: UInt32) {
        self.netnsCookie = netnsCookie
        self.interfaceIndex = interfaceIndex
    }

    /// The attachment of a link by its name, nil for another name.
    init?(linkName: String) {
        let parts = linkName.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard linkName.hasPrefix(Self.prefix), parts.count == 2,
            let cookie = Digits.decimal(parts[0], as: UInt64.self),
            let index = Digits.decimal(parts[1], as: UInt32.self)
        else { return nil }
        self.init(netnsCookie: cookie, interfaceIndex: index)
    }

    /// Those that are pinned, by namespace and interface.
    public static func pinned(in pins: PinDirectory) throws(LoadError) -> [XDPAttachment] {
        var found: Set<XDPAttachment> = []
        for name in try pins.names() {
            // A crash may have left a link on its way to its place.
            let settled =
                name.hasSuffix(PinDirectory.newSuffix) ? name.dropLast(PinDirectory.newSuffix.count) : name[...]
            if let attachment = XDPAttachment(linkName: String(settled)) { found.insert(attachment) }
        }
        return found.sorted { ($0.netnsCookie, $0.interfaceIndex) < ($1.netnsCookie, $1.interfaceIndex) }
    }

    /// Takes the program out of force and the pin away.
    /// - Returns: whether it was there.
    @discardableResult
    public func detach(from pins: PinDirectory) throws(LoadError) -> Bool { try pins.unpinLink(linkName) }

    /// Detaches from all interfaces of a pod's namespace.
    public static func detach(fromNamespace cookie: UInt64, _ pins: PinDirectory) throws(LoadError) {
        for attachment in try pinned(in: pins) where attachment.netnsCookie == cookie {
            try attachment.detach(from: pins)
        }
    }

    /// The number of the program that the pinned link holds in its place, nil without one, or when the interface is gone.
    func program(in pins: PinDirectory) throws(LoadError) -> UInt32? {
        guard let link = try pins.open(linkName) else { return nil }
        var information = bpf_link_info()
        var size = UInt32(MemoryLayout<bpf_link_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = link.withRaw { unsafe bpf_obj_get_info_by_fd($0, &information, &size) }
        guard status == 0 else { throw .kernel(KernelError("look at", linkName, errno: -status)) }
        return information.xdp.ifindex == interfaceIndex ? information.prog_id : nil
    }

    /// Puts a program in the place of the one that the pinned link holds, in one step.
    /// - Returns: whether it has a place: not when nothing is pinned, or when the interface is gone.
    func replace(with program: CInt, in pins: PinDirectory) throws(LoadError) -> Bool {
        guard let link = try pins.open(linkName) else { return false }
        let status = link.withRaw { bpf_link_update($0, program, nil) }
        // ENOLINK: the interface is gone, and another may have its number.
        if status == -ENOLINK { return false }
        guard status == 0 else { throw .kernel(KernelError("replace", linkName, errno: -status)) }
        return true
    }

    /// Attaches a program to an interface inside of a namespace, or puts it in the place of ours that is there.
    /// - Throws: `.interfaceTaken` when another program has the interface; it stays.
    static func attach(
        _ program: CInt, to interface: String, of namespace: NetworkNamespace, in pins: PinDirectory
    ) throws(LoadError) -> (attachment: XDPAttachment, origin: Origin) {
        // The path is lent for the call.
        let raw = unsafe open(namespace.path, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { throw .kernel(.last("open the network namespace", namespace.path)) }
        let netns = Descriptor(adopting: raw)
        let found = try find(interface, in: netns, of: namespace)
        guard found.netns_cookie == namespace.cookie else {
            // Another namespace is at the path by now.
            throw .kernel(KernelError("find the network namespace", namespace.path, errno: ESTALE))
        }
        let attachment = XDPAttachment(netnsCookie: found.netns_cookie, interfaceIndex: found.index)
        if try attachment.replace(with: program, in: pins) { return (attachment, .replaced) }
        var origin = Origin.native
        let link = try makeLink(program, found.index, netns, &origin, interface, namespace)
        try link.withRaw { (raw) throws(LoadError) in try pins.pin(raw, as: attachment.linkName) }
        return (attachment, origin)
    }

    private static func find(
        _ interface: String, in netns: borrowing Descriptor, of namespace: NetworkNamespace
    ) throws(LoadError) -> km_interface {
        var result = km_interface()
        let bytes = Array(interface.utf8)
        let capacity = MemoryLayout.size(ofValue: result.name)
        guard bytes.count < capacity else {
            throw .kernel(KernelError("find the interface", "\(interface) of \(namespace.path)", errno: ENODEV))
        }
        // In bounds: there is room for the name and a zero.
        unsafe withUnsafeMutableBytes(of: &result.name) { unsafe $0.copyBytes(from: bytes) }
        let error = netns.withRaw { unsafe km_find_interface($0, &result) }
        guard error == 0 else {
            throw .kernel(KernelError("find the interface", "\(interface) of \(namespace.path)", errno: error))
        }
        return result
    }

    /// Drivers first; what they refuse for want of a feature is done above them.
    private static func makeLink(
        _ program: CInt, _ index: UInt32, _ netns: borrowing Descriptor, _ origin: inout Origin, _ interface: String,
        _ namespace: NetworkNamespace
    ) throws(LoadError) -> Descriptor {
        var link = netns.withRaw { km_link_xdp($0, index, program, nativeMode) }
        if [-EOPNOTSUPP, -EINVAL, -ERANGE, -ENOSPC].contains(link) {
            link = netns.withRaw { km_link_xdp($0, index, program, genericMode) }
            origin = .generic
        }
        if link == -EBUSY || link == -EEXIST {
            throw .interfaceTaken(interface: interface, namespace: namespace.path)
        }
        guard link >= 0 else {
            throw .kernel(KernelError("attach to the interface", "\(interface) of \(namespace.path)", errno: -link))
        }
        return Descriptor(adopting: link)
    }
}
