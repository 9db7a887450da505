import KernelABI
import Model

/// Finds every way that connections of a node's clients can take, with exact shares: the hook runs for each draw that
/// makes a difference.
struct WayFinder {
    private let hook: ConnectHook
    private(set) var maps: ClientMaps
    private let owners: SourceOwners
    private var known: [SocketAddress: [Pass]] = [:]

    /// What one pass of the program can do.
    private struct Pass {
        enum Result: Hashable {
            case stays
            case goes(SocketAddress)
            case refused
            case waypoint(SocketAddress)
        }

        var result: Result
        var share: Share
        var reason: Reason
    }

    /// A connection on its way.
    private struct Traveller: Hashable {
        var destination: SocketAddress
        var waypoint: SocketAddress?
    }

    /// Draws are enumerated up to this many; beyond, shares are rounded.
    private static let drawLimit: UInt64 = 1 << 20

    init(_ store: MapStore, owners: SourceOwners, options: DataplaneOptions) {
        // Pass by pass, since a draw decides about one pass.
        hook = ConnectHook(options: options, hasTailCalls: false)
        maps = ClientMaps(store: store)
        self.owners = owners
    }

    /// The ways of connections to an address, which may be IPv4-mapped.
    mutating func ways(to asked: SocketAddress) -> Ways {
        var ends: [Ways.Entry] = []
        var travellers = [(Traveller(destination: asked, waypoint: nil), Share.whole)]
        var number = 0
        while !travellers.isEmpty {
            number += 1
            var next: [Traveller: Share] = [:]
            var order: [Traveller] = []
            for (traveller, share) in travellers {
                for pass in passes(to: traveller.destination) {
                    let share = share * pass.share
                    func end(_ end: Way.End, _ reason: Reason? = nil) {
                        let way = Way(via: traveller.waypoint?.unmapped, end)
                        ends.append(Ways.Entry(way: way, share: share, reason: reason ?? pass.reason))
                    }
                    switch pass.result {
                    case .stays: end(self.end(traveller.destination, asked: asked))
                    case .goes(let address): end(self.end(address, asked: asked))
                    case .refused: end(.refused(pass.reason))
                    case .waypoint(let address) where number > Int(KM_TAIL_CALL_LIMIT):
                        end(self.end(address, asked: asked), .tailCallLimit)
                    case .waypoint(let address):
                        let further = Traveller(destination: address, waypoint: traveller.waypoint ?? address)
                        if next[further] == nil { order.append(further) }
                        next[further] = (next[further] ?? .none) + share
                    }
                }
            }
            travellers = order.map { ($0, next[$0] ?? .none) }
        }
        return Ways(ends)
    }

    private func end(_ address: SocketAddress, asked: SocketAddress) -> Way.End {
        if address == asked { return .asked }
        let unmapped = address.unmapped
        return .elsewhere(unmapped, owners.workload(of: unmapped.address)?.uid)
    }

    // MARK: One pass

    private mutating func passes(to destination: SocketAddress) -> [Pass] {
        if let passes = known[destination] { return passes }
        let passes = enumerate(destination)
        known[destination] = passes
        return passes
    }

    private mutating func enumerate(_ destination: SocketAddress) -> [Pass] {
        var recorder = DrawCounts()
        var outcomes: [Pass.Result: (count: UInt64, reason: Reason)] = [:]
        var order: [Pass.Result] = []
        // Of each priority in turn: among how many is drawn, and whether some draw ends there.
        var priorities: [(count: UInt32, decides: Bool)] = []
        var drawCount: UInt64 = 1
        var draw: UInt64 = 0
        while draw < min(drawCount, Self.drawLimit) {
            recorder.removeAll()
            let (result, reason) = run(destination, drawing: UInt32(truncatingIfNeeded: draw), &recorder)
            if outcomes[result] == nil { order.append(result) }
            outcomes[result, default: (0, reason)].count += 1
            for (place, count) in recorder.counts.enumerated() where place == priorities.count {
                priorities.append((count, false))
            }
            if let last = recorder.counts.indices.last { priorities[last].decides = true }
            draw += 1
            drawCount = Self.drawCount(priorities)
        }
        return order.map { result in
            let (count, reason) = outcomes[result] ?? (0, .none)
            return Pass(result: result, share: Share(count, of: draw), reason: reason)
        }
    }

    /// How many draws tell all results with their shares. A priority at which no draw ends does not tell one draw from
    /// another; for those before the first that does, this is known when each of their endpoints was drawn.
    private static func drawCount(_ priorities: [(count: UInt32, decides: Bool)]) -> UInt64 {
        guard let first = priorities.firstIndex(where: \.decides) else { return 1 }
        let modulus = priorities[first...].reduce(UInt64(1)) { modulus, priority in
            let count = UInt64(priority.count)
            let (product, isOverflow) = modulus.multipliedReportingOverflow(by: count / divisor(modulus, count))
            return isOverflow ? .max : product
        }
        let most = priorities[..<first].map { UInt64($0.count) }.max() ?? 0
        return modulus >= most ? modulus : (most + modulus - 1) / modulus * modulus
    }

    private static func divisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var (x, y) = (a, b)
        while y != 0 { (x, y) = (y, x % y) }
        return max(x, 1)
    }

    private mutating func run(
        _ destination: SocketAddress, drawing draw: UInt32, _ recorder: inout DrawCounts
    ) -> (Pass.Result, Reason) {
        let call = SocketCall(cookie: 0, destination: destination, isTCP: true, now: 0)
        var storage: SocketStorage?
        var generator = SplitMix64(drawing: draw)
        let decision =
            switch destination.address.family {
            case .v4:
                hook.connect4(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            case .v6:
                hook.connect6(call, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
            }
        switch decision.verdict {
        case .leave: return (.stays, decision.reason)
        case .refuse: return (.refused, decision.reason)
        case .rewrite where decision.waypoint != nil: return (.waypoint(decision.destination), decision.reason)
        case .rewrite: return (.goes(decision.destination), decision.reason)
        }
    }
}
