import Model

/// What a replay keeps count of: dispositions, leaks and connections, each bounded.
struct ReplayBooks: Sendable {
    /// The numbers of the first packets of a row.
    struct Examples: Sendable, BitwiseCopyable {
        private var numbers = InlineArray<5, UInt64>(repeating: 0)
        private var count: UInt8 = 0

        @inline(__always)
        mutating func add(_ number: UInt64) {
            guard Int(count) < ReplayReport.exampleLimit else { return }
            numbers[Int(count)] = number
            count += 1
        }

        var all: [UInt64] { (0..<Int(count)).map { numbers[$0] } }
    }

    private struct Row: Sendable, BitwiseCopyable {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var examples = Examples()
    }

    private var rows: [Row] = []
    private(set) var dispositions: [Disposition] = []
    private var numbers: [Disposition: Int] = [:]

    private struct LeakKey: Hashable, Sendable {
        var leak: Leak
        var source: IPAddress
        var destination: IPAddress
    }
    private var leakRows: [Row] = []
    private var leakKeys: [LeakKey] = []
    private var leakNumbers: [LeakKey: Int] = [:]
    private(set) var otherLeaks = Traffic()
    let leakLimit: Int

    init(leakLimit: Int) { self.leakLimit = leakLimit }

    // MARK: Dispositions

    /// The number of a disposition.
    mutating func number(of disposition: Disposition) -> Int {
        if let number = numbers[disposition] { return number }
        let number = dispositions.count
        numbers[disposition] = number
        dispositions.append(disposition)
        rows.append(Row())
        return number
    }

    /// Counts a packet.
    @inline(__always)
    mutating func count(_ disposition: Int, byteCount: Int, packet: UInt64) {
        rows[disposition].packets &+= 1
        rows[disposition].bytes &+= UInt64(truncatingIfNeeded: byteCount)
        rows[disposition].examples.add(packet)
    }

    /// By kind, then the most packets first.
    var dispositionRows: [ReplayReport.DispositionRow] {
        let order = Disposition.Kind.allCases
        return dispositions.indices.filter { rows[$0].packets > 0 }
            .map { index in
                ReplayReport.DispositionRow(
                    disposition: dispositions[index],
                    traffic: Traffic(packets: rows[index].packets, bytes: rows[index].bytes),
                    firstPackets: rows[index].examples.all)
            }
            .sorted { first, second in
                let kinds = (
                    order.firstIndex(of: first.disposition.kind), order.firstIndex(of: second.disposition.kind)
                )
                if kinds.0 != kinds.1 { return kinds.0 ?? 0 < kinds.1 ?? 0 }
                if first.traffic.packets != second.traffic.packets {
                    return first.traffic.packets > second.traffic.packets
                }
                return first.disposition.reason.name < second.disposition.reason.name
            }
    }

    // MARK: Leaks

    /// Counts a leak of a packet between two addresses; among others where there are too many.
    mutating func countLeak(
        _ leak: Leak, _ source: IPAddress, _ destination: IPAddress, byteCount: Int, packet: UInt64
    ) {
        let traffic = Traffic(packets: 1, bytes: UInt64(byteCount))
        guard let row = leakRow(LeakKey(leak: leak, source: source, destination: destination)) else {
            otherLeaks += traffic
            return
        }
        leakRows[row].packets += traffic.packets
        leakRows[row].bytes += traffic.bytes
        leakRows[row].examples.add(packet)
    }

    private mutating func leakRow(_ key: LeakKey) -> Int? {
        if let number = leakNumbers[key] { return number }
        guard leakRows.count < leakLimit else { return nil }
        leakNumbers[key] = leakRows.count
        leakKeys.append(key)
        leakRows.append(Row())
        return leakRows.count - 1
    }

    /// The most packets first.
    func leaks(_ name: (IPAddress) -> String) -> [ReplayReport.LeakRow] {
        leakRows.indices.map { index in
            ReplayReport.LeakRow(
                leak: leakKeys[index].leak, source: name(leakKeys[index].source),
                destination: name(leakKeys[index].destination),
                traffic: Traffic(packets: leakRows[index].packets, bytes: leakRows[index].bytes),
                firstPackets: leakRows[index].examples.all)
        }.sorted {
            $0.traffic.packets == $1.traffic.packets
                ? $0.firstPackets.first ?? 0 < $1.firstPackets.first ?? 0 : $0.traffic.packets > $1.traffic.packets
        }
    }
}
