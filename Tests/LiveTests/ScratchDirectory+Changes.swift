import Glibc
import TestSupport
import Testing

/// What happens to files while they are watched.
extension ScratchDirectory {
    func makeDirectory(_ name: String, mode: mode_t = 0o755) throws {
        try #require(unsafe mkdir(path(of: name), mode) == 0)
        try #require(unsafe chmod(path(of: name), mode) == 0)
    }

    func removeFile(_ name: String) throws { try #require(unsafe unlink(path(of: name)) == 0) }

    func rename(_ old: String, to new: String) throws {
        try #require(unsafe Glibc.rename(path(of: old), path(of: new)) == 0)
    }

    /// Creates a symbolic link with any text as its target.
    func link(_ name: String, to target: String) throws {
        try #require(unsafe symlink(target, path(of: name)) == 0)
    }
}
