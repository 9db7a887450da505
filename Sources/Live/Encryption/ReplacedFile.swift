import Glibc

/// Files that are replaced as a whole: a reader finds the old content or the new one, and so does the next start of the
/// machine.
enum ReplacedFile {
    /// What may be at the path.
    enum Place {
        /// Anything or nothing.
        case any
        /// Nothing: what is there stays, and EEXIST is thrown.
        case empty
    }

    /// Writes a file beside the path, under a name that begins with a dot, and puts it in its place. What a writer that
    /// was killed has left under that name goes.
    static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t, place wanted: Place = .any
    ) throws(KernelError) {
        let (directory, name) = WatchedPlaces.parts(of: path)
        let temporary = WatchedPlaces.join(directory, ".\(name).new")
        // The paths here are lent for the calls.
        unsafe unlink(temporary)
        let raw = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard raw >= 0 else { throw .last("write", temporary) }
        let file = Descriptor(adopting: raw)
        do throws(KernelError) {
            // Whatever the process's mask says.
            guard fchmod(raw, mode) == 0 else { throw .last("set the mode of", temporary) }
            try file.write(bytes, at: 0, named: temporary)
            try file.synchronize(named: temporary)
            switch wanted {
            case .any: guard unsafe rename(temporary, path) == 0 else { throw .last("replace", path) }
            case .empty:
                guard unsafe link(temporary, path) == 0 else { throw .last("make", path) }
                unsafe unlink(temporary)
            }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        let place = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw .last("open", directory) }
        try Descriptor(adopting: place).synchronize(named: directory)
    }
}
