import Glibc
import Live
import Model
import TestSupport
import Testing

private func table(_ names: String...) -> NameTable {
    var table = NameTable()
    for name in names { _ = table.id(for: name) }
    return table
}

/// The names that a new reader finds.
private func stored(_ scratch: borrowing ScratchDirectory) throws -> String {
    let directory = try StateDirectory(path: scratch.path)
    return try storedNames(in: directory)
}

private func storedNames(in directory: borrowing StateDirectory) throws -> String {
    var store = try NameStore(in: directory)
    return store.takeNames().serialized
}

@Test func namesAreThereAgainAfterEachSave() throws {
    try forEachSeed(count: 20) { seed in
        let scratch = try ScratchDirectory()
        var random = SplitMix64(seed: seed)
        var names = NameTable()
        for _ in 0..<4 {
            do {
                let directory = try StateDirectory(path: scratch.path)
                var store = try NameStore(in: directory)
                let before = names.serialized
                names = store.takeNames()
                #expect(names.serialized == before, "seed \(seed)")
                for _ in 0..<5 {
                    for _ in 0..<random.below(6) {
                        let name = "ns/n\(random.below(12))\t é"
                        if random.isOneIn(2) { _ = names.id(for: name) } else { names.release(name) }
                    }
                    try store.save(&names, in: directory)
                }
            }
            #expect(try stored(scratch) == names.serialized, "seed \(seed)")
        }
    }
}

@Test func aNewIDCostsOneLine() throws {
    let scratch = try ScratchDirectory()
    let directory = try StateDirectory(path: scratch.path)
    var store = try NameStore(in: directory)
    var names = store.takeNames()
    _ = names.id(for: "a/b")
    try store.save(&names, in: directory)
    let before = try #require(try directory.contents(of: NameStore.journalName))
    let base = try directory.contents(of: NameStore.baseName)
    _ = names.id(for: "c/d")
    try store.save(&names, in: directory)
    let after = try #require(try directory.contents(of: NameStore.journalName))
    #expect(after.starts(with: before))
    #expect(String(decoding: after.dropFirst(before.count), as: UTF8.self).hasSuffix("\tc/d\n"))
    #expect(try directory.contents(of: NameStore.baseName) == base)
    try store.save(&names, in: directory)
    #expect(try directory.contents(of: NameStore.journalName) == after)
}

@Test func aJournalCutAnywhereGivesTheNamesBeforeTheCut() throws {
    let scratch = try ScratchDirectory()
    // After each save: the length of the journal, and the names.
    var saved: [(byteCount: Int, names: String)] = []
    let journal: [UInt8]
    do {
        let directory = try StateDirectory(path: scratch.path)
        var store = try NameStore(in: directory)
        var names = store.takeNames()
        for name in ["", "a/b", "c/d", "-a/b"] {
            if name.hasPrefix("-") { names.release("a/b") } else if !name.isEmpty { _ = names.id(for: name) }
            try store.save(&names, in: directory)
            let byteCount = try #require(try directory.contents(of: NameStore.journalName)).count
            saved.append((byteCount, names.serialized))
        }
        journal = try #require(try directory.contents(of: NameStore.journalName))
    }
    for count in saved[0].byteCount...journal.count {
        let garbage = Array(repeating: UInt8(0), count: count % 3)
        try scratch.write(journal.prefix(count) + garbage, to: NameStore.journalName)
        #expect(try stored(scratch) == saved.last { $0.byteCount <= count }?.names, "cut at \(count)")
    }
}

@Test func whatIsSavedAfterATornLineIsFoundAgain() throws {
    let scratch = try ScratchDirectory()
    do {
        let directory = try StateDirectory(path: scratch.path)
        var store = try NameStore(in: directory)
        var names = store.takeNames()
        _ = names.id(for: "a/b")
        try store.save(&names, in: directory)
    }
    let whole = try #require(try StateDirectory(path: scratch.path).contents(of: NameStore.journalName))
    try scratch.write(whole + Array("0badc0de +12\tto".utf8), to: NameStore.journalName)
    do {
        let directory = try StateDirectory(path: scratch.path)
        var store = try NameStore(in: directory)
        var names = store.takeNames()
        _ = names.id(for: "c/d")
        try store.save(&names, in: directory)
    }
    #expect(try stored(scratch) == table("a/b", "c/d").serialized)
}

@Test func aLargeJournalBecomesABase() throws {
    let scratch = try ScratchDirectory()
    let directory = try StateDirectory(path: scratch.path)
    var store = try NameStore(in: directory)
    var names = store.takeNames()
    _ = names.id(for: "a/b")
    try store.save(&names, in: directory)
    let old = try #require(try directory.contents(of: NameStore.journalName))
    names.release("a/b")
    for index in 0..<20_000 { _ = names.id(for: "namespace/service-\(index).namespace.svc.cluster.local") }
    try store.save(&names, in: directory)
    #expect(try #require(try directory.contents(of: NameStore.journalName)).count < old.count)
    #expect(try #require(try directory.contents(of: NameStore.baseName)).count > 1 << 20)
    _ = names.id(for: "c/d")
    try store.save(&names, in: directory)
    #expect(try storedNames(in: directory) == names.serialized)
    // The crash comes after the new base and before the new journal.
    try directory.replace(NameStore.journalName, with: Array("journal 1\n".utf8))
    names.release("c/d")
    #expect(try storedNames(in: directory) == names.serialized)
}

@Test func namesWithLineBreaksAreLeftOut() throws {
    let scratch = try ScratchDirectory()
    let directory = try StateDirectory(path: scratch.path)
    var store = try NameStore(in: directory)
    var names = store.takeNames()
    for name in ["a/b", "bad\nname", "c\r"] { _ = names.id(for: name) }
    try store.save(&names, in: directory)
    names.release("c\r")
    try store.save(&names, in: directory)
    #expect(try storedNames(in: directory) == table("a/b").serialized)
}

private struct Damage: CustomTestStringConvertible {
    var testDescription: String
    var base: String?
    var journal: String?
    var error: String
}

@Test(arguments: [
    Damage(
        testDescription: "no first line", base: "names 1\n", journal: "",
        error: "names.journal:1: must be \"journal\" and a number"),
    Damage(
        testDescription: "a bad line before a good one", base: "names 1\n",
        journal: "journal 1\nnonsense\n" + "d22f0b1d +5\tx\n", error: "names.journal:2: is garbled"),
    Damage(
        testDescription: "a base of an earlier time", base: "names 1\n", journal: "journal 2\n",
        error: "names.journal:1: belongs to a newer names"),
    Damage(testDescription: "no journal", base: "names 1\n", error: "names.journal:1: is missing"),
    Damage(testDescription: "no base", journal: "journal 2\n", error: "names:1: must be \"names\" and a number"),
    Damage(
        testDescription: "an id twice", base: "names 1\n7\ta\n7\tb\n", journal: "journal 1\n",
        error: "names:3: id 7 appears twice"),
])
private func aDamagedFileIsNamedWithItsLine(_ c: Damage) throws {
    let scratch = try ScratchDirectory()
    if let base = c.base { try scratch.write(base, to: NameStore.baseName) }
    if var journal = c.journal {
        let line = "+5\tx"
        journal = journal.replacing("d22f0b1d", with: String(NameTable.hash(line), radix: 16))
        try scratch.write(journal, to: NameStore.journalName)
    }
    let directory = try StateDirectory(path: scratch.path)
    do throws(StateError) {
        _ = try NameStore(in: directory)
        Issue.record("it was read")
    } catch {
        #expect(error.description.hasPrefix(scratch.path(of: c.error)), "\(error)")
    }
}
