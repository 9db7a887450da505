import Glibc

extension InputError {
    /// Why the latest system call on a path failed, as `errno` has it.
    static func unreadable(_ path: String) -> InputError {
        InputError(path, nil, "cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
}
