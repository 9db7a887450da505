/// The files that are followed, and what each of them gives.
struct FollowedFiles: Sendable {
    /// What is known of one file.
    struct File: Sendable {
        var path: String
        /// Changes with the file's content; nil while that is not certain.
        var fingerprint: UInt64?
        var entries: Entries
    }

    /// What a file gives. Most files of a large mesh give one thing.
    enum Entries: Sendable {
        case one(FollowedEntry)
        case many([FollowedEntry])

        init(_ entries: [FollowedEntry]) {
            self = entries.count == 1 ? .one(entries[0]) : .many(entries)
        }

        /// In the order of the file.
        var all: [FollowedEntry] {
            switch self {
            case .one(let entry): [entry]
            case .many(let entries): entries
            }
        }
    }

    private var files: [File?] = []
    private var free: [UInt32] = []
    private var index = CandidateIndex()

    /// A mark for each number that a file has or may get next.
    var marks: [Bool] { Array(repeating: false, count: files.count) }

    /// The paths of the files whose numbers are not marked.
    func paths(without marks: [Bool]) -> [String] {
        files.indices.compactMap { marks[$0] ? nil : files[$0]?.path }
    }

    /// What is known of a file, nil when it gave nothing yet.
    subscript(path: String) -> File? { number(of: path).flatMap { files[Int($0)] } }

    /// The number of a file, nil when it gave nothing yet.
    func number(of path: String) -> UInt32? {
        index.candidates(CandidateIndex.hash(path)).first { files[Int($0)]?.path == path }
    }

    /// Keeps what a file gives now.
    mutating func set(_ file: File) {
        if let number = number(of: file.path) {
            files[Int(number)] = file
            return
        }
        let number = free.popLast() ?? UInt32(files.count)
        if number == files.count { files.append(file) } else { files[Int(number)] = file }
        index.insert(number, for: CandidateIndex.hash(file.path))
    }

    /// Forgets a file.
    mutating func remove(_ path: String) {
        guard let number = number(of: path) else { return }
        index.remove(number, for: CandidateIndex.hash(path))
        files[Int(number)] = nil
        free.append(number)
    }

    /// Who gives this, and where. Looks at all files, for a message.
    func giver(of key: FollowedKey) -> (path: String, entry: FollowedEntry)? {
        for case let file? in files {
            if let entry = file.entries.all.first(where: { $0.key == key }) { return (file.path, entry) }
        }
        return nil
    }
}
