import Glibc
import Model

/// Follows the key file. Changes that come within a tenth of a second are one change; a bad file changes nothing, and is
/// told once.
struct KeyFollower: ~Copyable {
    private static let quietNanoseconds: UInt64 = 100_000_000

    let path: String
    private var watcher: FileWatcher
    /// When what changed is to be read.
    private var due: UInt64?
    private var current: EncryptionKey
    /// What was told of the file as it is.
    private(set) var problem: String?

    /// What a look at the file came to.
    enum News: Hashable, Sendable {
        case key(EncryptionKey)
        case bad(String)
        case nothing
    }

    /// Begins to watch, and reads the file.
    /// - Returns: also whether others may read it.
    static func start(_ path: String) throws(AgentError) -> KeyFollower {
        let watcher = try AgentError.wrapping { try FileWatcher(files: [path]) }
        return KeyFollower(path, watcher, try KeyFile(path: path).key)
    }

    private init(_ path: String, _ watcher: consuming FileWatcher, _ key: EncryptionKey) {
        self.path = path
        self.watcher = watcher
        current = key
    }

    /// The key that was read last.
    var key: EncryptionKey { current }

    borrowing func withRaw<Result>(_ body: (CInt) -> Result) -> Result { watcher.withRaw(body) }

    /// How long the loop may sleep at most, in milliseconds; nil for as long as it likes.
    func patience(at now: UInt64) -> Int? { due.map { $0 > now ? Int(($0 - now) / 1_000_000) + 1 : 0 } }

    /// Takes note of changes, and reads the file when it is time.
    /// - Parameter isThorough: Reads it in any case.
    mutating func look(at now: UInt64, isThorough: Bool = false) throws(KernelError) -> News {
        if !(try watcher.takeChanges()).isEmpty, due == nil { due = now + Self.quietNanoseconds }
        guard isThorough || due.map({ now >= $0 }) ?? false else { return .nothing }
        due = nil
        do throws(AgentError) {
            let read = try KeyFile(path: path).key
            problem = nil
            guard read != current else { return .nothing }
            current = read
            return .key(read)
        } catch {
            guard problem != error.description else { return .nothing }
            problem = error.description
            return .bad(error.description)
        }
    }
}
