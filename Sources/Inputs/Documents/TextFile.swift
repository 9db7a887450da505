import Glibc

/// Reads whole files, without Foundation.
public enum TextFile {
    /// The text of a file; `-` is standard input.
    /// - Throws: when the file cannot be read, or is not UTF-8.
    public static func contents(ofPath path: String) throws(InputError) -> String {
        guard let stream = unsafe path == "-" ? fdopen(dup(0), "r") : fopen(path, "rb") else {
            throw InputError.unreadable(path)
        }
        defer { unsafe fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            // In bounds: fread writes at most the chunk's size.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, stream) }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        guard unsafe ferror(stream) == 0 else { throw InputError.unreadable(path) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError(path, nil, "is not UTF-8 text")
        }
        return text
    }
}
