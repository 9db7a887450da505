import Model
import Testing

@Suite struct LocalityRankingTests {
    private static let local = LocalIdentity(
        locality: Locality(region: "r", zone: "z", subzone: "s"), node: "n", cluster: "c", network: "w")

    /// An endpoint that is like this node in these scopes only.
    private func endpoint(matching scopes: Set<LoadBalancing.Scope>) -> LocalIdentity {
        func value(_ scope: LoadBalancing.Scope) -> String { scopes.contains(scope) ? Self.local[scope] : "other" }
        return LocalIdentity(
            locality: Locality(region: value(.region), zone: value(.zone), subzone: value(.subzone)),
            node: value(.node),
            cluster: value(.cluster), network: value(.network))
    }

    /// Each number is a set of scopes.
    private func scopes(_ set: Int) -> [LoadBalancing.Scope] {
        LoadBalancing.Scope.allCases.enumerated().filter { set >> $0.offset & 1 == 1 }.map(\.element)
    }

    @Test func thePriorityCountsWhatFollowsTheFirstMismatch() {
        for preferred in 0..<64 {
            for order in [scopes(preferred), scopes(preferred).reversed()] {
                for matching in 0..<64 {
                    let same = Set(scopes(matching))
                    // The walk stops at the first scope that does not match, whatever matches behind it.
                    var matches = 0
                    for scope in order {
                        guard same.contains(scope) else { break }
                        matches += 1
                    }
                    for mode in LoadBalancing.Mode.allCases {
                        let found = LoadBalancing(mode, preferring: order).priority(
                            of: endpoint(matching: same), from: Self.local)
                        let wanted = mode == .strict || mode == .failover ? order.count - matches : 0
                        #expect(found == wanted, "\(mode) \(order) matching \(same)")
                    }
                }
            }
        }
    }

    @Test func thePriorityIsAtMostSix() {
        let preference = LoadBalancing.Scope.allCases + [.region, .zone]
        let balancing = LoadBalancing(.failover, preferring: preference)
        #expect(balancing.priority(of: endpoint(matching: []), from: Self.local) == LoadBalancing.lowestPriority)
    }

    @Test func policiesHaveTheNumbersOfTheMaps() {
        #expect(LoadBalancing.Mode.allCases.map { LoadBalancing($0).policy.rawValue } == [0, 1, 2, 3])
    }
}
