public import KernelABI
public import Model

/// One exit of one program: km_event by the names of its fields.
public struct EventRecord: Hashable, Sendable {
    /// Since boot.
    public var timeNanoseconds: UInt64
    /// nil where the hook cannot know.
    public var netnsCookie: UInt64?
    public var socketCookie: UInt64?
    /// The numbers in kernel_abi.h, kept for programs that are newer than the agent.
    public var hookNumber: UInt8
    public var reasonNumber: UInt8
    /// Where the program wanted to go; of a datagram received, where it came from; for the hooks of connections and
    /// packets the socket's own end.
    public var before: SocketAddress
    /// Where it goes, or what the program sees; for the hooks of connections and packets the other end.
    public var after: SocketAddress

    /// Reads a record of the ring buffer, nil when it has another size.
    public init?(bytes: [UInt8]) {
        guard let event = layout(km_event.self, from: bytes) else { return nil }
        self.init(event)
    }

    public init(_ event: km_event) {
        timeNanoseconds = event.time_ns
        netnsCookie = event.netns_cookie == 0 ? nil : event.netns_cookie
        socketCookie = event.socket_cookie == 0 ? nil : event.socket_cookie
        (hookNumber, reasonNumber) = (event.hook, event.reason)
        let isV6 = event.is_ipv6 != 0
        before = SocketAddress(isV6 ? event.before.asV6 : event.before.asV4, port: event.before_port)
        after = SocketAddress(isV6 ? event.after.asV6 : event.after.asV4, port: event.after_port)
    }

    /// nil for one that this agent does not know.
    public var hook: Hook? { hookNumber < Hook.allCases.count ? Hook.allCases[Int(hookNumber)] : nil }

    /// nil for one that this agent does not know.
    public var reason: Reason? { reasonNumber < Reason.allCases.count ? Reason.allCases[Int(reasonNumber)] : nil }

    /// Its name, or the number.
    public var hookName: String { hook?.rawValue ?? "\(hookNumber)" }
    /// Its name, or the number.
    public var reasonName: String { reason?.rawValue ?? "\(reasonNumber)" }
}
