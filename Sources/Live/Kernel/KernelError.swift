import Glibc

/// What the kernel refused: the operation, the object and the error number.
public struct KernelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As one says it: "pin", "load", "attach to the cgroup".
    public var operation: String
    /// The map, program, file or address it was about.
    public var object: String
    public var errno: CInt

    public init(_ operation: String, _ object: String, errno: CInt) {
        self.operation = operation
        self.object = object
        self.errno = errno
    }

    /// Of a call that has just failed and set `errno`.
    public static func last(_ operation: String, _ object: String) -> KernelError {
        KernelError(operation, object, errno: Glibc.errno)
    }

    /// Whether a privilege or a feature of the kernel is missing, rather than anything wrong with the request.
    public var isMissingPrivilege: Bool { [EPERM, EACCES, ENOSYS, EOPNOTSUPP].contains(errno) }

    /// The error's text, such as "Operation not permitted".
    public var reason: String {
        // The text is a constant of the C library, or a buffer of this thread.
        unsafe String(cString: strerror(errno))
    }

    public var description: String {
        let hint = errno == EPERM ? " (CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN are needed)" : ""
        return "cannot \(operation) \(object): \(reason)\(hint)"
    }
}
