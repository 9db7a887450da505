/// Files that were read anew and are about to count, in the order in which they were read.
struct FollowedBatch: Sendable {
    /// What a file gives now.
    struct File: Sendable {
        var path: String
        var content: FollowedContent
        /// Taken before the file was read, so that a change meanwhile is noticed.
        var fingerprint: UInt64?
        /// Whether there is no such file any more.
        var isMissing: Bool
    }

    private(set) var files: [File] = []

    /// The files' paths, in the same order.
    var paths: [String] { files.map(\.path) }

    /// Reads a file; one that is missing gives nothing.
    mutating func read(_ path: String) throws(InputError) {
        if FileSystem.isMissing(path) {
            files.append(File(path: path, content: FollowedContent(), fingerprint: nil, isMissing: true))
            return
        }
        let fingerprint = FileSystem.fingerprint(of: path)
        let content = try FollowedContent(file: path)
        files.append(File(path: path, content: content, fingerprint: fingerprint, isMissing: false))
    }

    /// Takes a file out.
    mutating func remove(_ path: String) {
        files.removeAll { $0.path == path }
    }
}
