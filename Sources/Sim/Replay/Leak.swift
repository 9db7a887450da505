/// How a packet that had to be encrypted crossed the wire between nodes in clear. The raw value is the name in JSON.
public enum Leak: String, Hashable, Sendable, CaseIterable {
    case inClear
    /// H17: it was encrypted, and a node's ICMP error about the decrypted packet quotes it in clear.
    case quotedInError

    /// A phrase for people.
    public var phrase: String {
        switch self {
        case .inClear: "in clear, and had to be encrypted"
        case .quotedInError: "encrypted, and then quoted in clear by a node's ICMP error"
        }
    }
}
