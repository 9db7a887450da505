import Foundation

/// A directory for one test's files, removed with all that is in it at the end.
public final class ScratchDirectory {
    public let path: String

    public init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { remove("") }

    /// The path of a name in it.
    public func path(of name: String) -> String { "\(path)/\(name)" }

    /// Creates or replaces a file, and gives its path.
    /// - Parameter atomically: Whether a reader sees the old file or the new one whole; else it is written into.
    @discardableResult
    public func write(
        _ bytes: some Collection<UInt8>, to name: String, atomically: Bool = false
    ) throws -> String {
        let file = path(of: name)
        try Data(bytes).write(to: URL(fileURLWithPath: file), options: atomically ? .atomic : [])
        return file
    }

    /// Creates or replaces a file, and gives its path.
    @discardableResult
    public func write(_ text: String, to name: String, atomically: Bool = false) throws -> String {
        try write(text.utf8, to: name, atomically: atomically)
    }

    /// Removes a file, or a directory with all that is in it; links are not followed.
    public func remove(_ name: String) { try? FileManager.default.removeItem(atPath: path(of: name)) }
}
