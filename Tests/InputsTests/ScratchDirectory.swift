import Glibc
import Inputs
import Testing

/// A directory for one test's files, removed with them at the end.
struct ScratchDirectory: ~Copyable {
    let path: String
    private let names: Names

    /// What was written, so that it can be removed.
    private final class Names {
        var all: [String] = []
    }

    init() throws {
        var template = Array("/tmp/inputs-test-XXXXXX".utf8CString)
        // In bounds: mkdtemp writes over the six X of the zero-terminated template.
        guard unsafe mkdtemp(&template) != nil else { throw InputError("/tmp", nil, "takes no directory") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        names = Names()
    }

    deinit {
        for name in names.all { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }

    /// Removes a file.
    func remove(_ name: String) {
        unsafe unlink("\(path)/\(name)")
    }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        let stream = try unsafe #require(fopen(file, "wb"))
        names.all.append(name)
        let bytes = Array(text.utf8)
        let written = unsafe fwrite(bytes, 1, bytes.count, stream)
        unsafe fclose(stream)
        #expect(written == bytes.count)
        return file
    }
}
