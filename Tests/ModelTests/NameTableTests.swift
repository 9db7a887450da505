import Model
import TestSupport
import Testing

@Suite struct NameTableTests {
    @Test func idsAreFNVHashesAndCollisionsTakeTheNextNumber() {
        var table = NameTable()
        let wanted: [(String, ResourceID)] = [
            ("foo", 2_851_307_223), ("bar", 1_991_736_602), ("costarring", 1_582_148_253), ("liquid", 1_582_148_254),
        ]
        for (name, id) in wanted {
            let given = table.id(for: name)
            #expect(given == id)
        }
        for (name, id) in wanted {
            let again = table.id(for: name)
            #expect(again == id && table.existingID(of: name) == id && table.name(of: id) == name)
        }
        #expect(NameTable.hash("liquid") == 1_582_148_253 && NameTable.hash("") == 0x811c_9dc5)
        #expect(table.count == 4 && table.existingID(of: "none") == nil && table.name(of: 1) == nil)
    }

    @Test func aDisplacedNameKeepsItsIDWhenItsHomeIsFree() {
        var table = NameTable()
        let first = table.id(for: "costarring")
        let second = table.id(for: "liquid")
        table.release("costarring")
        #expect(table.existingID(of: "costarring") == nil && table.id(for: "liquid") == second)
        #expect(table.id(for: "costarring") == first)
        table.release("liquid")
        table.release("liquid")
        #expect(table.existingID(of: "liquid") == nil && table.id(for: "liquid") == second && table.count == 2)
    }

    @Test func noNameGetsID0() throws {
        // FNV-1a of this text is 0.
        #expect(NameTable.hash("kgarao84") == 0)
        var table = NameTable()
        #expect(table.id(for: "kgarao84") == 1 && table.existingID(of: "kgarao84") == 1)
        #expect(try NameTable(serialized: table.serialized).existingID(of: "kgarao84") == 1)
    }

    @Test func theTextLeadsBack() throws {
        try forEachSeed(count: 100) { seed in
            var random = SplitMix64(seed: seed)
            var table = NameTable()
            let names = ["costarring", "liquid", "a\tb", "ns/host", "kgarao84"] + (0..<20).map { "name\($0)" }
            for _ in 0..<60 {
                let name = random.one(of: names)
                if random.isOneIn(3) { table.release(name) } else { _ = table.id(for: name) }
            }
            let read = try NameTable(serialized: table.serialized)
            #expect(read.serialized == table.serialized, "seed \(seed)")
            for name in names { #expect(read.existingID(of: name) == table.existingID(of: name), "seed \(seed)") }
        }
    }

    @Test func linesMayEndAsOnWindows() throws {
        let table = try NameTable(serialized: "1\ta\r\n2\tb\r\n")
        #expect(table.serialized == "1\ta\n2\tb\n")
    }

    @Test(arguments: [
        ("x\tname\n", 1), ("+1\tname\n", 1), ("1 name\n", 1), ("0\tname\n", 1), ("4294967296\tname\n", 1), ("1\t\n", 1),
        ("1\n", 1),
        ("1\ta\n1\tb\n", 2),
        ("1\ta\n2\ta\n", 2), ("1\ta\n2\tb\n-3\tc\n", 3), ("1\ta\n\n2\n", 3), ("1\ta\r\n2\r\n", 2),
    ])
    func badTextIsRefusedWithItsLine(text: String, line: Int) {
        do {
            _ = try NameTable(serialized: text)
            Issue.record("accepted")
        } catch {
            #expect(error.line == line)
        }
    }

    @Test func aTableFollowsAnotherByItsChanges() {
        forEachSeed(count: 100) { seed in
            var random = SplitMix64(seed: seed)
            var (old, new) = (NameTable(), NameTable())
            for _ in 0..<random.below(20) { _ = old.id(for: "n\(random.below(30))") }
            new = old
            new.recordChanges()
            for _ in 0..<random.below(20) {
                let name = "n\(random.below(30))"
                if random.isOneIn(2) { _ = new.id(for: name) } else { new.release(name) }
            }
            var follower = old
            for change in new.takeChanges() {
                let fits = follower.apply(change)
                #expect(fits, "seed \(seed)")
            }
            #expect(follower.serialized == new.serialized, "seed \(seed)")
            #expect(new.takeChanges().isEmpty)
        }
    }

    @Test func aChangeThatDoesNotFitIsNotApplied() {
        var table = NameTable()
        let id = table.id(for: "a")
        for change: NameChange in [
            .given(0, "b"), .given(5, ""), .given(id, "b"), .given(id &+ 1, "a"), .released(id, "b"), .released(5, "a"),
        ] {
            let fits = table.apply(change)
            #expect(!fits, "\(change)")
        }
        #expect(table.serialized == "\(id)\ta\n")
    }
}
