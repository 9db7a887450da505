import Glibc
import Live
import TestSupport
import Testing

/// The next changes that are any.
private func nextChanges(_ watcher: inout FileWatcher) throws -> FileChanges {
    while true {
        let isReadable = watcher.withRaw { waitUntilReadable($0) }
        try #require(isReadable, "nothing came")
        let changes = try watcher.takeChanges()
        if !changes.isEmpty { return changes }
    }
}

/// Changes of files in a scratch directory, without its path.
private func changes(_ watcher: inout FileWatcher, in scratch: borrowing ScratchDirectory) throws -> [String] {
    let found = try nextChanges(&watcher)
    #expect(!found.needsRescan)
    return found.changes.map { change in
        let name = change.path == scratch.path ? "." : String(change.path.dropFirst(scratch.path.count + 1))
        return switch change.kind {
        case .written: name
        case .removed: "-\(name)"
        case .listing: "\(name)/"
        }
    }
}

/// One thing that happens to files.
private enum Act {
    case write(String), begin(String), rename(String, String), remove(String), mkdir(String)
    case symlink(String, String), link(String, String)

    func happen(in scratch: borrowing ScratchDirectory) throws {
        switch self {
        case .write(let name): try scratch.write("new", to: name)
        case .begin(let name):
            let raw = unsafe open(scratch.path(of: name), O_WRONLY | O_CREAT, 0o644)
            try #require(raw >= 0)
            // Never closed for writing while the test looks: the process keeps it.
            try #require(unsafe Glibc.write(raw, "half", 4) == 4)
        case .rename(let old, let new): try scratch.rename(old, to: new)
        case .remove(let name): scratch.remove(name)
        case .mkdir(let name): try scratch.makeDirectory(name)
        case .symlink(let name, let target): try scratch.link(name, to: target)
        case .link(let name, let old):
            try #require(unsafe Glibc.link(scratch.path(of: old), scratch.path(of: name)) == 0)
        }
    }
}

private struct WatchCase: CustomTestStringConvertible {
    var testDescription: String
    var files: [String] = []
    var directories: [String] = []
    /// Before anything is watched.
    var before: [Act] = []
    var acts: [Act]
    /// All that is told, at once.
    var told: [String]
}

@Test(arguments: [
    WatchCase(
        testDescription: "a file is written in place", files: ["a"], before: [.write("a")], acts: [.write("a")],
        told: ["a"]),
    WatchCase(
        testDescription: "several writes are one change", files: ["a", "b"],
        acts: [.write("a"), .write("b"), .write("a")],
        told: ["a", "b"]),
    WatchCase(
        testDescription: "an editor writes and renames", files: ["a"], before: [.write("a")],
        acts: [.write(".a.swp"), .rename("a", "a~"), .rename(".a.swp", "a"), .remove("a~")], told: ["a"]),
    WatchCase(
        testDescription: "files beside it are of no interest", files: ["b"],
        acts: [.write("a"), .remove("a"), .write("b")],
        told: ["b"]),
    WatchCase(
        testDescription: "a file goes", files: ["a"], before: [.write("a")], acts: [.remove("a")], told: ["-a"]),
    WatchCase(
        testDescription: "a file goes and comes back", files: ["a"], before: [.write("a")],
        acts: [.remove("a"), .write("a")], told: ["a"]),
    WatchCase(
        testDescription: "a file goes and is being written", files: ["a", "b"], before: [.write("a")],
        acts: [.remove("a"), .begin("a"), .write("b")], told: ["b"]),
    WatchCase(
        testDescription: "half a file is not told", files: ["a", "b"], acts: [.begin("a"), .write("b")], told: ["b"]),
    WatchCase(
        testDescription: "a symbolic link is told at once", files: ["a"], before: [.write("b")],
        acts: [.symlink("a", "b")], told: ["a"]),
    WatchCase(
        testDescription: "a hard link is told at once", files: ["a"], before: [.write("b")], acts: [.link("a", "b")],
        told: ["a"]),
    WatchCase(
        testDescription: "a volume's link is swapped", files: ["a", "b"],
        before: [
            .mkdir("..1"), .write("..1/a"), .symlink("..data", "..1"), .symlink("a", "..data/a"),
            .symlink("b", "..data/b"),
        ],
        acts: [
            .mkdir("..2"), .write("..2/a"), .symlink("..data_tmp", "..2"), .rename("..data_tmp", "..data"),
            .remove("..1"),
        ],
        told: ["a", "-b"]),
    WatchCase(
        testDescription: "a volume's link is swapped in a watched directory", directories: ["."],
        before: [.mkdir("..1"), .symlink("..data", "..1")],
        acts: [.mkdir("..2"), .symlink("..data_tmp", "..2"), .rename("..data_tmp", "..data")], told: ["./"]),
    WatchCase(
        testDescription: "names in a directory", directories: ["."], before: [.write("b")],
        acts: [.write("a"), .remove("b"), .write(".hidden"), .begin("c"), .mkdir("d")], told: ["a", "-b"]),
    WatchCase(
        testDescription: "a directory is replaced", directories: ["d"],
        before: [.mkdir("d"), .mkdir("e"), .write("e/a")],
        acts: [.rename("d", "f"), .write("f/b"), .rename("e", "d")], told: ["d/"]),
    WatchCase(
        testDescription: "a directory comes later", files: ["d/a"], acts: [.mkdir("d"), .write("d/a")], told: ["d/a"]),
    WatchCase(
        testDescription: "a directory goes with its file", files: ["d/a"], before: [.mkdir("d"), .write("d/a")],
        acts: [.remove("d")], told: ["-d/a"]),
    WatchCase(
        testDescription: "a directory behind a link is replaced", files: ["d/a"],
        before: [.mkdir("1"), .mkdir("2"), .write("2/a"), .symlink("d", "1")],
        acts: [.symlink("d2", "2"), .rename("d2", "d")], told: ["d/a"]),
])
private func changesOfFilesAreTold(_ c: WatchCase) throws {
    let scratch = try ScratchDirectory()
    for act in c.before { try act.happen(in: scratch) }
    var watcher = try FileWatcher(
        files: c.files.map { scratch.path(of: $0) },
        directories: c.directories.map { $0 == "." ? scratch.path : scratch.path(of: $0) })
    for act in c.acts { try act.happen(in: scratch) }
    #expect(try changes(&watcher, in: scratch) == c.told)
    #expect(try watcher.takeChanges().isEmpty)
}

@Test func aDirectoryIsWatchedOnAfterItCameBack() throws {
    let scratch = try ScratchDirectory()
    try scratch.makeDirectory("d")
    var watcher = try FileWatcher(files: [scratch.path(of: "d/a")], directories: [scratch.path(of: "d/")])
    for _ in 0..<3 {
        scratch.remove("d")
        #expect(try changes(&watcher, in: scratch) == ["d//"])
        try scratch.makeDirectory("d")
        _ = try nextChanges(&watcher)
        try scratch.write("new", to: "d/a")
        #expect(try changes(&watcher, in: scratch).contains("d/a"))
    }
}

@Test func anOverflowAsksForARescanAndWatchingGoesOn() throws {
    let scratch = try ScratchDirectory()
    try scratch.write("", to: "a")
    let limit = try queueLimit()
    var watcher = try FileWatcher(directories: [scratch.path])
    for _ in 0...limit / 4 {
        try scratch.rename("a", to: "b")
        try scratch.rename("b", to: "a")
    }
    #expect(try watcher.takeChanges().needsRescan)
    try scratch.write("new", to: "a")
    #expect(try changes(&watcher, in: scratch) == ["a"])
}

/// How many events the kernel keeps for one descriptor.
private func queueLimit() throws -> Int {
    let file = try unsafe #require(fopen("/proc/sys/fs/inotify/max_queued_events", "r"))
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 32)
    // In bounds: fgets writes at most the array's size, a zero included.
    try #require(unsafe fgets(&line, 32, file) != nil)
    let digits = line.prefix { $0 >= 48 && $0 < 58 }.map { UInt8(bitPattern: $0) }
    return try #require(Int(String(decoding: digits, as: UTF8.self)))
}
