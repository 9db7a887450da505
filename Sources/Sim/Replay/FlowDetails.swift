import Model

/// What many flows share.
struct FlowFacts: Hashable, Sendable {
    var connectReason: Reason?
    var waypoint: SocketAddress?
    /// The connect was refused.
    var isRefused = false
    /// Its packets go to a backend that nobody knows.
    var isUnknown = false
    /// A verdict of policies, or of upstream's user space; a denial counts more than what came before it.
    var judgement: Judgement?
}

/// What only few flows have.
struct FlowDetails: Sendable {
    /// What the entry had no more room for.
    var sent = Traffic()
    var received = Traffic()
    var leaks: UInt64 = 0
    var stopped = Traffic()
    /// Index of the first disposition that stopped one.
    var stop: Int?
    var undetermined: UInt64 = 0
    var seenAgain: UInt64 = 0
    /// What connect, or sendmsg, left on the socket.
    var storage: SocketStorage?
    /// What goes before the first payload byte of the client; nil as long as that is not known, or nothing does.
    var header: [UInt8]?
}

/// Entries that flows refer to by number, 0 for none. What is given back is used again.
struct FlowDetailsTable: Sendable {
    private var entries: [FlowDetails] = []
    private var free: [UInt32] = []

    subscript(number: UInt32) -> FlowDetails {
        get { entries[Int(number) - 1] }
        _modify { yield &entries[Int(number) - 1] }
    }

    mutating func add() -> UInt32 {
        if let number = free.popLast() { return number }
        entries.append(FlowDetails())
        return UInt32(entries.count)
    }

    mutating func remove(_ number: UInt32) {
        entries[Int(number) - 1] = FlowDetails()
        free.append(number)
    }
}
