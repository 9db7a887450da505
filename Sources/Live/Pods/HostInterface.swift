internal import CLinux
import Glibc
import Model

/// An interface in the agent's own network namespace.
public struct HostInterface: Hashable, Sendable {
    /// ARPHRD_ETHER and ARPHRD_LOOPBACK of <net/if_arp.h>.
    private static let ethernetTypes: [UInt16] = [1, 772]

    public let name: String
    public let index: UInt32
    /// The number of the interface that it is linked to, of a veth the other end; there may be one in another namespace.
    let peerIndex: UInt32?
    /// Whether frames begin with an Ethernet header.
    let isEthernet: Bool

    /// Looks at the interface of a number.
    init(index: UInt32) throws(KernelError) {
        var found = km_host_interface()
        // In bounds: the call fills the one value.
        let error = unsafe km_look_at_interface(index, &found)
        guard error == 0 else { throw KernelError("find the interface", "\(index)", errno: error) }
        name = String(decoding: layoutBytes(of: found.name).prefix { $0 != 0 }, as: UTF8.self)
        self.index = found.index
        peerIndex = found.peer_index == 0 ? nil : found.peer_index
        isEthernet = Self.ethernetTypes.contains(found.type)
    }

    /// Looks at the interface of a name.
    init(name: String) throws(KernelError) {
        // The name ends with a zero, which Swift provides.
        let index = unsafe if_nametoindex(name)
        guard index != 0 else { throw .last("find the interface", name) }
        try self.init(index: index)
    }

    /// The node's end of a pod's interface; nil where that has none here, such as an interface that shares one of the
    /// node's.
    /// - Parameter index: The pod's end there, and what it is linked to.
    /// - Throws: where that cannot be told now.
    static func end(ofPodInterface index: UInt32, linkedTo peerIndex: UInt32?) throws(KernelError) -> HostInterface? {
        guard let peerIndex else { return nil }
        do throws(KernelError) {
            let found = try HostInterface(index: peerIndex)
            return found.peerIndex == index ? found : nil
        } catch {
            guard error.isMissingInterface else { throw error }
            return nil
        }
    }

    /// Whether there is surely no interface of a number.
    static func isGone(_ index: UInt32) -> Bool {
        do throws(KernelError) {
            _ = try HostInterface(index: index)
            return false
        } catch {
            return error.isMissingInterface
        }
    }

    /// The names of the interfaces that have one of these addresses, sorted.
    static func names(having addresses: [IPAddress]) throws(KernelError) -> [String] {
        var list: UnsafeMutablePointer<ifaddrs>?
        // In bounds: the call fills the one pointer.
        guard unsafe getifaddrs(&list) == 0 else { throw .last("list", "addresses of interfaces") }
        defer { unsafe freeifaddrs(list) }
        var names: Set<String> = []
        // The list ends with nil, and lives until it is freed.
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee.ifa_addr), addresses.contains(address) {
                unsafe names.insert(String(cString: entry.pointee.ifa_name))
            }
            unsafe next = entry.pointee.ifa_next
        }
        return names.sorted()
    }

    private static func address(_ socket: UnsafeMutablePointer<sockaddr>?) -> IPAddress? {
        guard let socket = unsafe socket else { return nil }
        // In bounds: the family tells the structure's type.
        switch unsafe Int32(socket.pointee.sa_family) {
        case AF_INET:
            return unsafe socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                unsafe IPAddress(bytes: withUnsafeBytes(of: $0.pointee.sin_addr) { unsafe Array($0) })
            }
        case AF_INET6:
            return unsafe socket.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                unsafe IPAddress(bytes: withUnsafeBytes(of: $0.pointee.sin6_addr) { unsafe Array($0) })
            }
        default: return nil
        }
    }
}

extension KernelError {
    /// Whether there is no such interface, rather than that it cannot be looked at.
    var isMissingInterface: Bool { [ENODEV, ENXIO].contains(errno) }
}
