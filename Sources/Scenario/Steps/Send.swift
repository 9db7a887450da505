/// A program sends bytes on a socket that an earlier `connect` kept.
public struct Send: Hashable, Sendable {
    /// The kept socket.
    public var socket: Located<String>
    /// At least one byte.
    public var payload: [UInt8]
    /// The kernel has no memory for a header before the payload.
    public var hasNoMemory: Bool
}
