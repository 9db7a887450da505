import Glibc
import Live
import TestSupport
import Testing

private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    return status.st_mode & 0o777
}

@Test func theDirectoryAndItsFilesAreForTheirOwnerOnly() throws {
    let scratch = try ScratchDirectory()
    let state = try StateDirectory(path: scratch.path(of: "state"))
    try state.replace("names", with: [1, 2, 3])
    #expect(try mode(scratch.path(of: "state")) == 0o700)
    #expect(try mode(scratch.path(of: "state/names")) == 0o600)
    #expect(try mode(scratch.path(of: "state/lock")) == 0o600)
}

@Test func aFileIsReplacedAsAWhole() throws {
    let scratch = try ScratchDirectory()
    let state = try StateDirectory(path: scratch.path)
    #expect(try state.contents(of: "a") == nil)
    try state.replace("a", with: Array(repeating: 7, count: 200_000))
    #expect(try state.contents(of: "a") == Array(repeating: 7, count: 200_000))
    try state.replace("a", with: [])
    #expect(try state.contents(of: "a") == [])
    try state.remove("a")
    try state.remove("a")
    #expect(try state.contents(of: "a") == nil)
}

@Test func aFailedReplacementLeavesTheOldFileAndNoOther() throws {
    let scratch = try ScratchDirectory()
    let state = try StateDirectory(path: scratch.path)
    try scratch.makeDirectory("a")
    #expect(throws: StateError.refused(KernelError("replace", scratch.path(of: "a"), errno: EISDIR))) {
        try state.replace("a", with: [1])
    }
    #expect(unsafe access(scratch.path(of: "a"), F_OK) == 0)
    #expect(unsafe access(scratch.path(of: ".a.new"), F_OK) != 0)
}

@Test func whatAnInterruptedReplacementLeftIsNoHindrance() throws {
    let scratch = try ScratchDirectory()
    let state = try StateDirectory(path: scratch.path)
    try scratch.write("half", to: ".a.new")
    try state.replace("a", with: [1])
    #expect(try state.contents(of: "a") == [1])
}

/// The error of taking a directory, nil when there is none.
private func refusal(of path: String) throws -> StateError? {
    do throws(StateError) {
        _ = try StateDirectory(path: path)
        return nil
    } catch {
        return error
    }
}

@Test func twoAgentsDoNotShareADirectory() throws {
    let scratch = try ScratchDirectory()
    do {
        let first = try StateDirectory(path: scratch.path)
        let error = try refusal(of: scratch.path)
        #expect(error == .held(directory: scratch.path, process: getpid()))
        #expect(error?.description.contains("in use by process \(getpid())") == true)
        try scratch.write("", to: StateDirectory.lockName)
        #expect(try refusal(of: scratch.path) == .held(directory: scratch.path, process: nil))
        try first.replace("a", with: [1])
    }
    #expect(try refusal(of: scratch.path) == nil)
    #expect(try StateDirectory(path: scratch.path).contents(of: "a") == [1])
}

@Test func aDirectoryThatOthersMayWriteIntoIsRefused() throws {
    let scratch = try ScratchDirectory()
    try scratch.makeDirectory("open", mode: 0o777)
    try scratch.makeDirectory("readable", mode: 0o755)
    try scratch.write("", to: "file")
    #expect(
        try refusal(of: scratch.path(of: "open"))?.description.contains("everybody may write into it") == true)
    #expect(try refusal(of: scratch.path(of: "readable")) == nil)
    #expect(
        try refusal(of: scratch.path(of: "file"))
            == .unsafeDirectory(scratch.path(of: "file"), "it is not a directory"))
    #expect(
        try refusal(of: scratch.path(of: "none/state"))
            == .refused(KernelError("create", scratch.path(of: "none/state"), errno: ENOENT)))
}
