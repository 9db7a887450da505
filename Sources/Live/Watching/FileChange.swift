/// What happened to a watched path since the last look.
public struct FileChange: Hashable, Sendable {
    /// What a reader should do about it.
    public enum Kind: Hashable, Sendable {
        /// There is a new content, complete as far as one can tell: read it.
        case written
        /// The path names nothing any more.
        case removed
        /// Of a watched directory: anything in it may have come, changed or gone. List it anew.
        case listing
    }

    /// A watched file as it was given, a watched directory likewise, or a name in the latter.
    public var path: String
    public var kind: Kind

    public init(_ path: String, _ kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// All that happened since the last look, each path once.
public struct FileChanges: Hashable, Sendable {
    /// Ordered by path. The last thing that happened to a path counts; a directory's `listing` stands for all in it.
    public var changes: [FileChange]
    /// Whether events were lost: every watched path is to be read again.
    public var needsRescan: Bool

    public init(_ changes: [FileChange] = [], needsRescan: Bool = false) {
        self.changes = changes
        self.needsRescan = needsRescan
    }

    public var isEmpty: Bool { changes.isEmpty && !needsRescan }
}
