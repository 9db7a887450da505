import Glibc
import Inputs
public import Model

/// The ids of names on the disk: a base file with a whole table, and a journal of what changed since.
///
/// A new id costs one line at the journal's end. Only when the journal has outgrown the base (and a mebibyte) are both
/// written anew.
public struct NameStore: ~Copyable, Sendable {
    /// What the files held at first, until it is taken.
    private var loaded: NameTable
    /// Changes that are not in the files yet.
    private var pending: [NameChange] = []
    private let journalFile: String
    private var journal: Descriptor
    /// Bytes of the journal that are sound. Anything after them is a failed write's.
    private var journalByteCount: Int
    private var baseByteCount: Int
    /// Counts the base files. A journal of another generation than the base's is no part of it.
    private var generation: UInt64
    /// Whether a compaction was begun and not finished.
    private var mustCompact = false

    /// Names of the files in the state directory.
    public static let baseName = "names"
    public static let journalName = "names.journal"
    /// A journal of this many bytes is kept, however small the base is.
    static let journalFloor = 1 << 20

    /// Reads the names, or starts without any where the directory holds none. What a crash left half written at the
    /// journal's end is dropped.
    /// - Throws: `.damaged` for anything else that was not written by a `NameStore`.
    public init(in directory: borrowing StateDirectory) throws(StateError) {
        let baseFile = directory.path(of: Self.baseName)
        let journalFile = directory.path(of: Self.journalName)
        let firstJournal = Array(NameJournal.header(1).utf8)
        var base = try directory.contents(of: Self.baseName)
        var journal = try directory.contents(of: Self.journalName)
        if base == nil, journal ?? firstJournal == firstJournal {
            // A first start, or one that went no further than the journal.
            try directory.replace(Self.journalName, with: firstJournal)
            try directory.replace(Self.baseName, with: Self.base(of: NameTable(), generation: 1))
            (base, journal) = (Self.base(of: NameTable(), generation: 1), firstJournal)
        }
        var (table, generation) = try Self.read(base ?? [], file: baseFile)
        guard let journal else { throw .damaged(file: journalFile, line: 1, "is missing, though \(baseFile) is there") }
        let read = try NameJournal(journal, file: journalFile)
        guard read.generation <= generation else {
            throw .damaged(file: journalFile, line: 1, "belongs to a newer \(Self.baseName)")
        }
        let journalByteCount: Int
        if read.generation < generation {
            // The crash came between the two files of a compaction: the base holds all of the journal.
            try directory.replace(Self.journalName, with: Array(NameJournal.header(generation).utf8))
            journalByteCount = NameJournal.header(generation).utf8.count
        } else {
            for (index, change) in read.changes.enumerated() where !table.apply(change) {
                throw .damaged(file: journalFile, line: index + 2, "does not fit the names before it")
            }
            journalByteCount = read.soundByteCount
        }
        self.journal = try Self.openedJournal(in: directory)
        (loaded, self.generation, self.journalFile) = (table, generation, journalFile)
        (baseByteCount, self.journalByteCount) = (base?.count ?? 0, journalByteCount)
    }

    /// Reads the names of a directory that somebody else may have; none where it holds none.
    static func names(inDirectory path: String) throws(StateError) -> NameTable {
        let (baseFile, journalFile) = ("\(path)/\(baseName)", "\(path)/\(journalName)")
        guard let base = try? TextFile.contents(ofPath: baseFile) else { return NameTable() }
        var (table, generation) = try read(Array(base.utf8), file: baseFile)
        guard let text = try? TextFile.contents(ofPath: journalFile) else { return table }
        let journal = try NameJournal(Array(text.utf8), file: journalFile)
        guard journal.generation == generation else {
            throw .damaged(file: journalFile, line: 1, "belongs to another \(baseName)")
        }
        for (index, change) in journal.changes.enumerated() where !table.apply(change) {
            throw .damaged(file: journalFile, line: index + 2, "does not fit the names before it")
        }
        return table
    }

    /// The names that the files held, which take note of their changes from then on. Can be taken once, so that they
    /// are in memory once.
    public mutating func takeNames() -> NameTable {
        var names = loaded
        loaded = NameTable()
        names.recordChanges()
        return names
    }

    /// Makes the files hold `names`, which came from `takeNames`. When this returns, they do; when it throws, they hold
    /// what they held, and the next call tries again. Without a change nothing is written. Names with line breaks are
    /// left out: the files have no way to write them, and their ids are most likely the same again without.
    public mutating func save(_ names: inout NameTable, in directory: borrowing StateDirectory) throws(StateError) {
        try save(names.takeChanges(), of: names, in: directory)
    }

    /// The same, with the changes taken already.
    public mutating func save(
        _ changes: [NameChange], of names: NameTable, in directory: borrowing StateDirectory
    ) throws(StateError) {
        pending += changes.filter { !Self.hasLineBreak($0.name) }
        guard !pending.isEmpty || mustCompact else { return }
        let lines = Array(pending.map(NameJournal.line).joined().utf8)
        if mustCompact || journalByteCount + lines.count > max(Self.journalFloor, baseByteCount) {
            try compact(to: names, in: directory)
        } else {
            try append(lines)
        }
        pending = []
    }

    private static func hasLineBreak(_ name: String) -> Bool {
        name.utf8.contains { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    }

    private mutating func append(_ lines: [UInt8]) throws(StateError) {
        do throws(KernelError) {
            // First, lest a failed write's lines come to stand behind the new ones.
            try journal.truncate(to: journalByteCount, named: journalFile)
            do throws(KernelError) {
                try journal.write(lines, at: journalByteCount, named: journalFile)
                try journal.synchronize(named: journalFile)
            } catch {
                try? journal.truncate(to: journalByteCount, named: journalFile)
                throw error
            }
        } catch {
            throw .refused(error)
        }
        journalByteCount += lines.count
    }

    /// Writes the base, then an empty journal. Until both are known to be there the journal takes no more lines: the base
    /// on the disk may already be a newer one.
    private mutating func compact(to table: NameTable, in directory: borrowing StateDirectory) throws(StateError) {
        mustCompact = true
        generation += 1
        let base = Self.base(of: table, generation: generation)
        try directory.replace(Self.baseName, with: base)
        let header = Array(NameJournal.header(generation).utf8)
        try directory.replace(Self.journalName, with: header)
        journal = try Self.openedJournal(in: directory)
        (baseByteCount, journalByteCount) = (base.count, header.count)
        mustCompact = false
    }

    private static func openedJournal(in directory: borrowing StateDirectory) throws(StateError) -> Descriptor {
        do throws(KernelError) {
            return try directory.openedFile(journalName, flags: O_RDWR)
        } catch {
            throw .refused(error)
        }
    }

    private static func base(of table: NameTable, generation: UInt64) -> [UInt8] {
        var table = table
        for entry in table.sortedEntries where hasLineBreak(entry.name) { table.release(entry.name) }
        return Array("names \(generation)\n".utf8) + Array(table.serialized.utf8)
    }

    private static func read(_ bytes: [UInt8], file: String) throws(StateError) -> (NameTable, UInt64) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .damaged(file: file, line: 1, "is not UTF-8 text")
        }
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: "\n")), text.hasPrefix("names "),
            let generation = Digits.decimal(text[..<end].dropFirst("names ".count), as: UInt64.self)
        else { throw .damaged(file: file, line: 1, "must be \"names\" and a number") }
        do throws(NameTableError) {
            return (try NameTable(serialized: String(text[text.utf8.index(after: end)...])), generation)
        } catch {
            throw .damaged(file: file, line: error.line + 1, error.message)
        }
    }
}
