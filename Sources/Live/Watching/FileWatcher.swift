internal import CLinux
import Glibc

/// Tells which of some files and directories changed, by inotify.
///
/// A file counts as written when its writer closes it, and when it is put in place by rename(2), link(2) or symlink(2):
/// never while it is being written. Files and directories may be absent, go and come back. Names that begin with a dot
/// are not reported in a watched directory. Not seen are a change behind a symbolic link that stays as it is, a
/// file that is linked into its place and at once unlinked from where it was written, and a replaced directory more
/// than one level above a file: a reader who looks at everything now and then finds these, too.
public struct FileWatcher: ~Copyable, Sendable {
    private let queue: Descriptor
    private let places: WatchedPlaces
    /// The directories of a watch. Several paths can lead to one directory.
    private var directories: [CInt: Set<String>] = [:]
    private var watches: [String: CInt] = [:]

    private static let mask =
        UInt32(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF)
        | UInt32(IN_ONLYDIR)

    /// Begins to watch. Read everything after this, so that no change falls in between.
    ///
    /// A file whose directory is absent is watched from when the directory's parent gets it.
    public init(files: [String] = [], directories: [String] = []) throws(KernelError) {
        let raw = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
        guard raw >= 0 else { throw .last("watch", "files") }
        let queue = Descriptor(adopting: raw)
        let places = WatchedPlaces(files: files, directories: directories)
        var watches: [String: CInt] = [:]
        for path in places.places.keys.sorted() { watches[path] = try Self.addWatch(path, to: queue) }
        self.queue = queue
        self.places = places
        self.watches = watches
        for (path, watch) in watches { self.directories[watch, default: []].insert(path) }
    }

    /// Lends the descriptor, to be polled: readable means that `takeChanges` has something to look at.
    public borrowing func withRaw<Result, Failure: Error>(
        _ body: (CInt) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try queue.withRaw(body)
    }

    /// What changed since the last call. Does not wait; an empty answer is common, since much of what happens in a
    /// directory is of no interest.
    /// - Throws: when the kernel has no room for another watch. What had changed is not told then: read everything.
    public mutating func takeChanges() throws(KernelError) -> FileChanges {
        var collected = Collected()
        while let events = try nextEvents() {
            for event in events { try take(event, into: &collected) }
        }
        if collected.needsRescan {
            // A directory may have been replaced without our knowing.
            for path in places.places.keys.sorted() { try watch(path) }
        }
        return collected.changes
    }

    /// Kinds by path, the last one stays.
    private struct Collected {
        var kinds: [String: FileChange.Kind] = [:]
        var listed: Set<String> = []
        var needsRescan = false

        mutating func add(_ path: String, _ kind: FileChange.Kind) { kinds[path] = kind }

        var changes: FileChanges {
            // What came back after it was removed will be told when it is complete.
            let kinds = kinds.filter { $0.value != .removed || !FileWatcher.isThere($0.key) }
            let changes = kinds.map { FileChange($0.key, $0.value) } + listed.map { FileChange($0, .listing) }
            let single = changes.filter { change in
                change.kind == .listing || !listed.contains { WatchedPlaces.isInside($0, change.path) }
            }
            return FileChanges(single.sorted { $0.path < $1.path }, needsRescan: needsRescan)
        }
    }

    private func nextEvents() throws(KernelError) -> [InotifyEvent]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = queue.withRaw { raw in
                // In bounds: read(2) writes at most the array's size.
                unsafe bytes.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
            }
            if count > 0 { return InotifyEvent.events(in: Array(bytes.prefix(count))) }
            if count == 0 || errno == EAGAIN { return nil }
            guard errno == EINTR else { throw .last("read the changes of", "watched files") }
        }
    }

    // MARK: Watches

    /// The watch of a directory, nil while there is none at the path.
    private static func addWatch(_ path: String, to queue: borrowing Descriptor) throws(KernelError) -> CInt? {
        // inotify_add_watch(2) reads the path up to its end, which Swift provides.
        let watch = queue.withRaw { unsafe inotify_add_watch($0, path, mask) }
        if watch < 0, errno != ENOENT && errno != ENOTDIR { throw .last("watch", path) }
        return watch < 0 ? nil : watch
    }

    /// Watches a place as it is now; one that is absent waits for its parent.
    private mutating func watch(_ path: String) throws(KernelError) {
        let watch = try Self.addWatch(path, to: queue)
        if watches[path] != watch { unwatch(path) }
        guard let watch else { return }
        watches[path] = watch
        directories[watch, default: []].insert(path)
    }

    private mutating func unwatch(_ path: String) {
        guard let watch = watches.removeValue(forKey: path) else { return }
        directories[watch]?.remove(path)
        guard directories[watch]?.isEmpty ?? false else { return }
        directories[watch] = nil
        // Fails when the directory is gone, and the watch with it.
        _ = queue.withRaw { inotify_rm_watch($0, watch) }
    }

    // MARK: Events

    private mutating func take(_ event: InotifyEvent, into collected: inout Collected) throws(KernelError) {
        if event.has(IN_Q_OVERFLOW) {
            collected.needsRescan = true
            return
        }
        guard let paths = directories[event.watch] else { return }
        for path in paths.sorted() {
            if event.has(IN_IGNORED, IN_UNMOUNT, IN_DELETE_SELF, IN_MOVE_SELF) {
                try renew(path, into: &collected)
            } else if let name = String(validating: event.name, as: UTF8.self), !name.isEmpty {
                try take(event, name: name, in: path, into: &collected)
            }
        }
    }

    /// A place's directory went, came or became another one.
    private mutating func renew(_ path: String, into collected: inout Collected) throws(KernelError) {
        guard let place = places.places[path] else { return }
        unwatch(path)
        try watch(path)
        reportAll(of: place, into: &collected)
        for child in place.children.sorted() { try renew(WatchedPlaces.join(path, child), into: &collected) }
    }

    /// Everything in a place may have changed.
    private func reportAll(of place: WatchedPlaces.Place, into collected: inout Collected) {
        if let whole = place.whole { collected.listed.insert(whole) }
        for file in place.files.values {
            collected.add(file, Self.isThere(file) ? .written : .removed)
        }
    }

    private static func isThere(_ path: String) -> Bool {
        // access(2) reads the path up to its end, which Swift provides.
        unsafe access(path, F_OK) == 0
    }

    private mutating func take(
        _ event: InotifyEvent, name: String, in path: String, into collected: inout Collected
    ) throws(KernelError) {
        guard let place = places.places[path] else { return }
        let full = WatchedPlaces.join(path, name)
        if place.children.contains(name), !event.has(IN_CLOSE_WRITE) { try renew(full, into: &collected) }
        if name == WatchedPlaces.volumeLink, event.has(IN_MOVED_TO, IN_CREATE) {
            reportAll(of: place, into: &collected)
        }
        let kind: FileChange.Kind
        if event.has(IN_CREATE) {
            guard Self.isComplete(full) else { return }
            kind = .written
        } else {
            kind = event.has(IN_CLOSE_WRITE, IN_MOVED_TO) ? .written : .removed
        }
        if let file = place.files[name] { collected.add(file, kind) }
        if let whole = place.whole, !name.hasPrefix("."), !event.has(IN_ISDIR) {
            collected.add(WatchedPlaces.join(whole, name), kind)
        }
    }

    /// Whether a name that has just appeared stands for a file that was there before: a symbolic or a hard link. Any
    /// other file is about to be written, and its writer's close(2) will be told.
    private static func isComplete(_ path: String) -> Bool {
        var status = stat()
        // The path is read up to its end, which Swift provides; lstat fills the one value.
        guard unsafe lstat(path, &status) == 0 else { return false }
        switch status.st_mode & S_IFMT {
        case S_IFLNK: return true
        case S_IFREG: return status.st_nlink > 1
        default: return false
        }
    }
}
