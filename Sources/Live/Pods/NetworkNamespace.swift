internal import CLinux
import Glibc
public import Model

/// What was found in a network namespace.
public struct NetworkNamespace: Hashable, Sendable {
    /// An interface that is up and not the loopback device.
    public struct Interface: Hashable, Sendable {
        public var name: String
        public var index: UInt32
        /// The number of the XDP program that is attached, nil without one.
        public var xdpProgram: UInt32?
        /// The number of the interface that it is linked to, maybe in another namespace; nil without one.
        var peerIndex: UInt32?
    }

    /// Where it was opened, such as `/proc/4711/ns/net`.
    public var path: String
    /// Of the file that stands for it.
    public var inode: UInt64
    /// As the kernel's programs know it.
    public var cookie: UInt64
    /// The first interface that is up and not the loopback device.
    public var interface: String?
    /// Its other end in this namespace.
    public var peerInterface: String?
    /// Of the interface, link-local ones left out.
    public var addresses: [IPAddress]
    /// All that are up, by index.
    public var interfaces: [Interface]
    /// How many there are beyond those that are listed.
    public var unlistedInterfaceCount: Int

    /// Looks into a namespace.
    public init(path: String) throws(KernelError) {
        // The path is lent for the call.
        let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { throw .last("open the network namespace", path) }
        let descriptor = Descriptor(adopting: raw)
        var status = stat()
        // In bounds: fstat fills the one value.
        guard unsafe fstat(raw, &status) == 0 else { throw .last("look at", path) }
        var found = km_namespace()
        // In bounds: the call fills the one value.
        let error = descriptor.withRaw { unsafe km_inspect_namespace($0, &found) }
        guard error == 0 else { throw KernelError("look into the network namespace", path, errno: error) }
        self.path = path
        inode = UInt64(status.st_ino)
        cookie = found.cookie
        interface = Self.text(layoutBytes(of: found.interface))
        peerInterface = found.peer_index == 0 ? nil : Self.name(ofInterface: found.peer_index)
        let all = layoutBytes(of: found.addresses)
        addresses = (0..<Int(found.address_count)).compactMap { index in
            let entry = all[(index * 17)..<(index * 17 + 17)]
            return IPAddress(bytes: entry.dropFirst().prefix(entry.first == 1 ? 16 : 4))
        }
        interfaces = Self.interfaces(in: found)
        unlistedInterfaceCount = Int(found.interface_count) - interfaces.count
    }

    private static func interfaces(in found: km_namespace) -> [Interface] {
        let size = MemoryLayout<km_namespace_interface>.size
        let all = layoutBytes(of: found.interfaces)
        let listed = min(Int(found.interface_count), all.count / size)
        return (0..<listed).compactMap { number -> Interface? in
            let bytes = Array(all[(number * size)..<(number * size + size)])
            guard let entry = layout(km_namespace_interface.self, from: bytes),
                let name = text(layoutBytes(of: entry.name))
            else { return nil }
            return Interface(
                name: name, index: entry.index, xdpProgram: entry.xdp_program == 0 ? nil : entry.xdp_program,
                peerIndex: entry.peer_index == 0 ? nil : entry.peer_index)
        }.sorted { $0.index < $1.index }
    }

    /// The text before the first zero; nil when it is empty.
    private static func text(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    private static func name(ofInterface index: UInt32) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        // In bounds: the buffer has the size that the call asks for.
        guard unsafe if_indextoname(index, &buffer) != nil else { return nil }
        return text(buffer.map { UInt8(bitPattern: $0) })
    }

    /// Whether a recorded pod's namespace is there.
    enum Presence: Equatable {
        case there(NetworkNamespace)
        /// Nothing is at its path, or another namespace.
        case gone
        /// It cannot be told, for want of privilege or memory.
        case unknown(KernelError)
    }

    /// Looks at a recorded pod's path.
    static func presence(of pod: ManagedPod) -> Presence {
        do throws(KernelError) {
            let found = try NetworkNamespace(path: pod.netnsPath)
            return found.inode == pod.netnsInode && found.cookie == pod.netnsCookie ? .there(found) : .gone
        } catch {
            return [ENOENT, ESRCH, ENOTDIR].contains(error.errno) ? .gone : .unknown(error)
        }
    }
}
