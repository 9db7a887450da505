/// What libcrypto refuses to set up. Nothing else can fail: sizes are checked before.
public enum CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operation, as libcrypto names it: no memory, or an algorithm that its configuration leaves out.
    case unavailable(String)

    public var description: String {
        switch self {
        case .unavailable(let operation): "libcrypto: \(operation) failed; is AES-GCM left out of its configuration?"
        }
    }
}
