public import Model

/// Where a connection goes, as its client sees it.
public struct Way: Hashable, Sendable {
    /// The end of the way.
    public enum End: Hashable, Sendable {
        /// The address that the program asked for.
        case asked
        /// Another address, and the workload that has it for itself.
        case elsewhere(SocketAddress, WorkloadUID?)
        case refused(Reason)
    }

    /// The first waypoint, nil where there is none.
    public var waypoint: SocketAddress?
    public var end: End

    public init(via waypoint: SocketAddress? = nil, _ end: End) {
        self.waypoint = waypoint
        self.end = end
    }
}

extension Way: Comparable {
    /// The asked address first, then others by number, then refusals; without waypoint first.
    public static func < (a: Way, b: Way) -> Bool { a.sortKey < b.sortKey }

    private var sortKey: (Int, SocketAddress, String, Int, SocketAddress) {
        let none = SocketAddress(.anyV4, port: 0)
        let via = (waypoint == nil ? 0 : 1, waypoint ?? none)
        return switch end {
        case .asked: (0, none, "", via.0, via.1)
        case .elsewhere(let address, let uid): (1, address, uid?.text ?? "", via.0, via.1)
        case .refused(let reason): (2, none, reason.rawValue, via.0, via.1)
        }
    }
}

/// The ways that connections to one address and port can take, with the share of each.
///
/// Two are equal when ways and shares are: by which rule a connection goes somewhere does not count.
public struct Ways: Sendable {
    /// One of them.
    public struct Entry: Sendable {
        public var way: Way
        public var share: Share
        /// The rule that decides; the first of several.
        public var reason: Reason
    }

    /// Ordered by way; each way once.
    public let entries: [Entry]

    /// - Parameter entries: A way may be there several times: its shares are added.
    init(_ entries: some Sequence<Entry>) {
        var places: [Way: Int] = [:]
        var merged: [Entry] = []
        for entry in entries {
            if let place = places[entry.way] {
                merged[place].share = merged[place].share + entry.share
            } else {
                places[entry.way] = merged.count
                merged.append(entry)
            }
        }
        self.entries = merged.sorted { $0.way < $1.way }
    }

    /// The share of a way; none when it is not among them.
    public func share(of way: Way) -> Share { entries.first { $0.way == way }?.share ?? .none }
}

extension Ways: Hashable {
    public static func == (a: Ways, b: Ways) -> Bool {
        a.entries.count == b.entries.count
            && zip(a.entries, b.entries).allSatisfy { $0.way == $1.way && $0.share == $1.share }
    }

    public func hash(into hasher: inout Hasher) {
        for entry in entries {
            hasher.combine(entry.way)
            hasher.combine(entry.share)
        }
    }
}
