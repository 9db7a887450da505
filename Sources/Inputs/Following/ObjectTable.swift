/// Something that an `ObjectTable` holds: known by a name.
protocol TableEntry: Sendable {
    associatedtype Name: Hashable, Sendable
    var tableName: Name { get }
}

/// Things by name and by a small number, which stays while the thing is there. A dictionary of large values is up to two
/// thirds empty and holds each name again; this holds a number and a pointer for each.
struct ObjectTable<Entry: TableEntry>: Sendable {
    private indirect enum Box: Sendable { case entry(Entry) }

    private var boxes: [Box?] = []
    private var free: [UInt32] = []
    private var index = CandidateIndex()

    var count: Int { boxes.count - free.count }
    var isEmpty: Bool { count == 0 }

    /// All numbers that are in use, in order.
    var numbers: some Sequence<UInt32> {
        (0..<UInt32(boxes.count)).lazy.filter { boxes[Int($0)] != nil }
    }

    /// What has the number.
    subscript(number: UInt32) -> Entry? {
        guard case .entry(let entry)? = boxes[Int(number)] else { return nil }
        return entry
    }

    /// The number of a name, nil when it is not there.
    func number(of name: Entry.Name) -> UInt32? {
        index.candidates(CandidateIndex.hash(name)).first { self[$0]?.tableName == name }
    }

    /// What has the name.
    subscript(name: Entry.Name) -> Entry? { number(of: name).flatMap { self[$0] } }

    /// Adds an entry, or replaces the one of its name.
    @discardableResult
    mutating func set(_ entry: Entry) -> UInt32 {
        if let number = number(of: entry.tableName) {
            boxes[Int(number)] = .entry(entry)
            return number
        }
        let number = free.popLast() ?? UInt32(boxes.count)
        if number == boxes.count { boxes.append(.entry(entry)) } else { boxes[Int(number)] = .entry(entry) }
        index.insert(number, for: CandidateIndex.hash(entry.tableName))
        return number
    }

    /// Takes the entry of that name out.
    mutating func remove(_ name: Entry.Name) {
        guard let number = number(of: name) else { return }
        index.remove(number, for: CandidateIndex.hash(name))
        boxes[Int(number)] = nil
        free.append(number)
    }
}
