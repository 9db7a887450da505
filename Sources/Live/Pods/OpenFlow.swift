internal import CBPF
internal import CLinux
import Glibc
import KernelABI
import Model

/// Flows of a network namespace that its processes opened.
enum OpenFlow {
    /// The flows that the sockets of a namespace opened, as the packets have them that answer: from the other end.
    ///
    /// Whose local port somebody listens on was accepted, or may have been: those are left out. A connection whose listener
    /// is gone counts as opened.
    static func replies(inNamespace path: String) throws(KernelError) -> [PacketFlow] {
        // The path is lent for the call.
        let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard raw >= 0 else { throw .last("open the network namespace", path) }
        let descriptor = Descriptor(adopting: raw)
        var list: UnsafeMutablePointer<km_tcp_socket>?
        var count: UInt32 = 0
        // In bounds: the call fills both values.
        let error = descriptor.withRaw { unsafe km_list_tcp_sockets($0, &list, &count) }
        guard error == 0 else { throw KernelError("list the connections of", path, errno: error) }
        defer { unsafe free(list) }
        // In bounds: as many as the call counted.
        let sockets = unsafe Array(UnsafeBufferPointer(start: list, count: Int(count)))
        let listening = Set(sockets.filter { $0.is_listening != 0 }.map(\.local_port))
        return sockets.compactMap { socket in
            guard socket.is_listening == 0, !listening.contains(socket.local_port),
                let local = address(layoutBytes(of: socket.local), socket),
                let remote = address(layoutBytes(of: socket.remote), socket)
            else { return nil }
            return PacketFlow(
                source: SocketAddress(remote, port: socket.remote_port),
                destination: SocketAddress(local, port: socket.local_port))
        }
    }

    private static func address(_ bytes: [UInt8], _ socket: km_tcp_socket) -> IPAddress? {
        IPAddress(bytes: bytes.prefix(socket.is_ipv6 != 0 ? 16 : 4))?.unmapped
    }
}

extension Dataplane {
    /// Lets the packets in that answer these flows, as if their opening had been seen.
    borrowing func recordOpened(_ flows: [PacketFlow]) throws(LoadError) {
        let map = try object.openMap(AuthorizationMapName.flow.rawValue)
        let now = BootClock.sinceBootNanoseconds()
        for flow in flows {
            var (key, value) = (ConnectionTuple(flow), OpenedFlow(opened_ns: now))
            // In bounds: the loader checked both sizes against the map's.
            let status = map.withRaw { unsafe bpf_map_update_elem($0, &key, &value, UInt64(BPF_ANY)) }
            guard status == 0 else {
                throw .kernel(KernelError("write", AuthorizationMapName.flow.rawValue, errno: -status))
            }
        }
    }
}
