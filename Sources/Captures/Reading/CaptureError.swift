import Glibc

/// Why a capture, or the rest of one, cannot be read.
public struct CaptureError: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// The system gives no bytes.
        case unreadable
        /// A format, or a variant of one, that is named in the message.
        case unsupported
        /// The bytes contradict their format.
        case damaged
    }

    /// The path, or `standard input`.
    public let file: String
    public let kind: Kind
    /// Where in the file, or in what it decompresses to; nil when the file as a whole is meant.
    public let offset: UInt64?
    public let message: String

    public init(_ file: String, _ kind: Kind, at offset: UInt64? = nil, _ message: String) {
        self.file = file
        self.kind = kind
        self.offset = offset
        self.message = message
    }
}

extension CaptureError: CustomStringConvertible {
    /// `file: at byte N: message`
    public var description: String {
        guard let offset else { return "\(file): \(message)" }
        return "\(file): at byte \(offset): \(message)"
    }
}

/// Why a stream gives no more bytes before its end.
enum StreamFault: Error, Hashable, Sendable {
    /// From a system call.
    case errno(Int32)
    /// What the decompressor says.
    case damaged(String)

    var kind: CaptureError.Kind {
        switch self {
        case .errno: .unreadable
        case .damaged: .damaged
        }
    }

    var message: String {
        switch self {
        // strerror returns a terminated string that is copied at once.
        case .errno(let code): "cannot be read: \(unsafe String(cString: strerror(code)))"
        case .damaged(let message): message
        }
    }
}
