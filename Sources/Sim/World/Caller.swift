public import Model

/// Whose program makes a socket call.
public enum Caller: Hashable, Sendable {
    case workload(WorkloadUID)
    /// A process of the node itself.
    case node(String)
}

/// The network namespace of a pod.
struct PodNamespace: Sendable {
    var cookie: UInt64
    var node: String
    var addresses: [IPAddress]
    /// Whether namespace and addresses are the node's: then the pod's agent never writes them to km_manage.
    var isHost = false
}

/// A socket of the simulated world.
struct SimSocket: Sendable {
    var caller: Caller
    var node: String
    var cookie: UInt64
    var family: AddressFamily
    var isTCP: Bool
    var local: SocketAddress
    var remote: SocketAddress?
    var storage: SocketStorage?
    /// sk_msg runs for what it sends. It goes on when the socket connects again.
    var isInSockHash = false
    /// State callbacks are asked for. Linux keeps that when the socket connects again.
    var isWatched = false
    var sentBytes: UInt32 = 0
    var receivedBytes: UInt32 = 0
    /// The other end, where it is a pod of the mesh.
    var peer: PeerSocket?
    /// Why the connection never came about, or was reset.
    var denial: Judgement?
    /// What user space decided about the connection, where it was asked.
    var userSpaceVerdict: Judgement?

    var connection: Connection? {
        remote.map {
            Connection(
                local: local, remote: $0, cookie: cookie, sentBytes: sentBytes, receivedBytes: receivedBytes)
        }
    }
}

/// The server's end of a connection.
struct PeerSocket: Sendable {
    var node: String
    var cookie: UInt64
    var storage: SocketStorage?
    var isWatched: Bool
}
