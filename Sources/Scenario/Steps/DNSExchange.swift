import Model

/// A datagram of a DNS client, and the answer to it; or one that nobody asked for.
public struct DNSExchange: Hashable, Sendable {
    /// The client's socket.
    public enum SocketUse: Hashable, Sendable {
        /// A new one, forgotten after the step.
        case once
        /// A new one that later steps know by a name.
        case keep(Located<String>)
        /// One that an earlier `dns` step of the same client kept.
        case reuse(Located<String>)
    }

    /// What crosses the socket.
    public enum Traffic: Hashable, Sendable {
        /// A question to a server, and its answer when `isAnswered`.
        case question(to: Located<Target>, isAnswered: Bool)
        /// A datagram from this address, without a question.
        case unsolicited(from: SocketAddress)
    }

    /// The workload that asks.
    public var client: Located<String>
    /// Under which name, if any, the socket is known.
    public var socket: SocketUse
    /// What goes over it.
    public var traffic: Traffic
}
