import GuestLayout
import Model

/// Datagrams and streams between pods.
enum Traffic {
    /// A datagram from each pod to each other node's: pairs of names, sender first, whose datagram arrived.
    static func heard(_ pods: [GuestPod], _ topology: Topology, _ family: AddressFamily = .v4) throws -> [String] {
        let sockets = try pods.map { pod in
            let socket = try Socket.datagrams(family, in: topology[pod])
            try socket.bind(pod.address(family), port: 7000)
            return socket
        }
        for (index, pod) in pods.enumerated() {
            for other in pods where other.node != pod.node {
                let text = "\(pod.name) > \(other.name)"
                sockets[index].send(Array(text.utf8)[...], to: other.address(family), port: 7000)
            }
        }
        var heard: [String] = []
        for socket in sockets {
            // All is one machine: what is to arrive is under way at most for the time that a processor is busy.
            while socket.waitReadable(milliseconds: 500), let text = socket.receive() {
                heard.append(String(decoding: text, as: UTF8.self))
            }
        }
        return heard.sorted()
    }

    /// A stream from one pod to another, which sends back what it gets.
    /// - Returns: Whether all came back.
    static func exchange(
        from client: GuestPod, to server: GuestPod, _ family: AddressFamily, _ topology: Topology
    ) throws -> Bool {
        let listener = try Socket.stream(family, in: topology[server])
        try listener.bind(server.address(family), port: 7001)
        try listener.listen()
        let socket = try Socket.stream(family, in: topology[client])
        try socket.connect(to: server.address(family), port: 7001)
        var accepted: Socket?
        try wait(for: "a connection") {
            accepted = listener.accept()
            return accepted != nil
        }
        guard let accepted else { return false }
        let text = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        guard socket.send(text[...]) == text.count else { return false }
        var (echoed, back) = (0, [UInt8]())
        try wait(for: "all of a stream") {
            if let bytes = accepted.receive(), !bytes.isEmpty { echoed += accepted.send(bytes[...]) }
            if let bytes = socket.receive() { back += bytes }
            return back.count >= text.count
        }
        return back == text && echoed == text.count
    }
}
