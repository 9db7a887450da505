import Glibc
import Model

/// The agent's directory of small files that outlive it (`--state-dir`).
///
/// One agent at a time has it: a lock is held as long as the value lives. A file is either as it was or as it was
/// meant to be, also when the machine stops in between.
public struct StateDirectory: ~Copyable, Sendable {
    /// As given by the user.
    public let path: String
    private let directory: Descriptor
    /// Released by the kernel when it is closed, also when the process is killed.
    private let lock: Descriptor

    /// The file that is locked. It holds the process id of the agent, and stays when the agent ends: to remove it would
    /// let two agents lock two files of this name.
    public static let lockName = "lock"

    /// Takes the directory, which is created (mode 0700, its parent must be there) unless it exists.
    /// - Throws: `.held` when another agent has it, `.unsafeDirectory` when others may write into it.
    public init(path: String) throws(StateError) {
        try self.init(path: path, lockName: Self.lockName, waits: false)
    }

    /// The same for a part of the directory, with a lock of its own.
    /// - Parameter waits: Until the other holder lets it go, instead of throwing `.held`.
    init(path: String, lockName: String, waits: Bool) throws(StateError) {
        let directory = try Self.opened(path)
        lock = try Self.locked(in: directory, path: path, lockName, waits: waits)
        self.directory = directory
        self.path = path
    }

    deinit {
        // Whoever reads it later is not to name a process that has gone. The lock goes with the descriptor.
        lock.withRaw { _ = ftruncate($0, 0) }
    }

    /// The whole path of a file in the directory, for messages.
    public func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    /// The bytes of a file, nil when there is none.
    public borrowing func contents(of name: String) throws(StateError) -> [UInt8]? {
        do throws(KernelError) {
            return try openedFile(name, flags: O_RDONLY).contents(named: path(of: name))
        } catch {
            if error.errno == ENOENT { return nil }
            throw .refused(error)
        }
    }

    /// Creates or replaces a file (mode 0600). When this returns, the new file is on the disk; when it throws, or the
    /// machine stops, the old one is there as it was.
    public borrowing func replace(_ name: String, with bytes: [UInt8]) throws(StateError) {
        let temporary = ".\(name).new"
        do throws(KernelError) {
            try removeFile(temporary)
            do throws(KernelError) {
                let file = try openedFile(temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
                try file.write(bytes, at: 0, named: path(of: temporary))
                try file.synchronize(named: path(of: temporary))
                try rename(temporary, to: name)
            } catch {
                try? removeFile(temporary)
                throw error
            }
            try directory.synchronize(named: path)
        } catch {
            throw .refused(error)
        }
    }

    /// Removes a file if it is there.
    public borrowing func remove(_ name: String) throws(StateError) {
        do throws(KernelError) {
            try removeFile(name)
            try directory.synchronize(named: path)
        } catch {
            throw .refused(error)
        }
    }

    /// Opens a file of the directory; one that is created has mode 0600.
    borrowing func openedFile(_ name: String, flags: CInt) throws(KernelError) -> Descriptor {
        precondition(!name.isEmpty && !name.utf8.contains(UInt8(ascii: "/")), "not a file name: \(name)")
        let raw = directory.withRaw { raw in
            // openat(2) reads the name up to its end, which Swift provides.
            unsafe openat(raw, name, flags | O_CLOEXEC | O_NOFOLLOW, 0o600 as mode_t)
        }
        guard raw >= 0 else { throw .last("open", path(of: name)) }
        return Descriptor(adopting: raw)
    }

    private borrowing func rename(_ old: String, to new: String) throws(KernelError) {
        // renameat(2) reads both names up to their ends, which Swift provides.
        let status = directory.withRaw { unsafe renameat($0, old, $0, new) }
        guard status == 0 else { throw .last("replace", path(of: new)) }
    }

    private borrowing func removeFile(_ name: String) throws(KernelError) {
        // unlinkat(2) reads the name up to its end, which Swift provides.
        let status = directory.withRaw { unsafe unlinkat($0, name, 0) }
        guard status == 0 || errno == ENOENT else { throw .last("remove", path(of: name)) }
    }

    private static func opened(_ path: String) throws(StateError) -> Descriptor {
        // mkdir(2) reads the path up to its end, which Swift provides.
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .refused(.last("create", path)) }
        // open(2) does as well.
        let raw = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else {
            if errno == ENOTDIR { throw .unsafeDirectory(path, "it is not a directory") }
            throw .refused(.last("open", path))
        }
        let directory = Descriptor(adopting: raw)
        var status = stat()
        // In bounds: fstat fills the one value.
        guard unsafe fstat(raw, &status) == 0 else { throw .refused(.last("look at", path)) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .unsafeDirectory(path, "it belongs to user \(status.st_uid)")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw .unsafeDirectory(path, "its group or everybody may write into it (chmod 700 \(path))")
        }
        return directory
    }

    /// Tries for a second: a holder that was killed, a child that it is just starting, or who only asks whether an agent
    /// runs, lets go in that time.
    private static func lockSoon(_ raw: CInt) -> Bool {
        for _ in 0..<100 {
            if flock(raw, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            usleep(10_000)
        }
        errno = EWOULDBLOCK
        return flock(raw, LOCK_EX | LOCK_NB) == 0
    }

    /// Opens and locks the lock file, and writes the process id into it.
    private static func locked(
        in directory: borrowing Descriptor, path: String, _ lockName: String, waits: Bool
    ) throws(StateError) -> Descriptor {
        // openat(2) reads the name up to its end, which Swift provides.
        let raw = directory.withRaw {
            unsafe openat($0, lockName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600 as mode_t)
        }
        guard raw >= 0 else { throw .refused(.last("open", "\(path)/\(lockName)")) }
        let lock = Descriptor(adopting: raw)
        guard waits ? flock(raw, LOCK_EX) == 0 : lockSoon(raw) else {
            guard errno == EWOULDBLOCK else { throw .refused(.last("lock", "\(path)/\(lockName)")) }
            let text = String(decoding: (try? lock.contents(named: lockName)) ?? [], as: UTF8.self)
            throw .held(directory: path, process: text.hasSuffix("\n") ? Digits.decimal(text.dropLast()) : nil)
        }
        do throws(KernelError) {
            try lock.truncate(to: 0, named: "\(path)/\(lockName)")
            try lock.write(Array("\(getpid())\n".utf8), at: 0, named: "\(path)/\(lockName)")
        } catch {
            throw .refused(error)
        }
        return lock
    }
}
