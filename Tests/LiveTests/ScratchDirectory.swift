import Glibc
import Live
import Testing

/// A directory for one test's files, removed with all that is in it at the end.
struct ScratchDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/live-test-XXXXXX".utf8CString)
        // In bounds: mkdtemp writes over the six X of the zero-terminated template.
        guard unsafe mkdtemp(&template) != nil else { throw KernelError.last("create a directory in", "/tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { removeTree(path) }

    /// The path of a name in it.
    func path(of name: String) -> String { "\(path)/\(name)" }

    /// Creates or replaces a file by writing into it.
    func write(_ bytes: some Collection<UInt8>, to name: String) throws {
        let stream = try unsafe #require(fopen(path(of: name), "wb"))
        let bytes = Array(bytes)
        // In bounds: fwrite reads the array's bytes.
        let written = unsafe fwrite(bytes, 1, bytes.count, stream)
        unsafe fclose(stream)
        #expect(written == bytes.count)
    }

    /// Creates or replaces a file by writing into it.
    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

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

/// Removes a file, or a directory with all that is in it; links are not followed.
func removeTree(_ path: String) {
    var status = stat()
    // The calls read their paths up to the end, which Swift provides; lstat fills the one value.
    guard unsafe lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR, let directory = unsafe opendir(path) {
        while let entry = unsafe readdir(directory) {
            // In bounds: readdir ends the name with a zero, and the entry lives until the next call.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { removeTree("\(path)/\(name)") }
        }
        unsafe closedir(directory)
    }
    unsafe remove(path)
}
