/// Numbers for the identities of workloads, from 1 in the order in which they came; 0 is nobody. A number is never
/// given again.
public struct IdentityTable: Sendable {
    private var identities: [PeerIdentity] = []
    private var numbers: [PeerIdentity: UInt32] = [:]
    private var byNamespace: [String: [UInt32]] = [:]
    private var byPrincipal: [String: [UInt32]] = [:]

    public init() {}

    public var count: Int { identities.count }

    /// The identity of a number, nil for nobody and for one that was not given.
    public func identity(_ number: UInt32) -> PeerIdentity? {
        (1...identities.count).contains(Int(number)) ? identities[Int(number) - 1] : nil
    }

    /// The number of an identity, given now if it has none.
    public mutating func number(of identity: PeerIdentity) -> UInt32 {
        if let number = numbers[identity] { return number }
        identities.append(identity)
        let number = UInt32(identities.count)
        numbers[identity] = number
        byNamespace[identity.namespace, default: []].append(number)
        byPrincipal[identity.principal, default: []].append(number)
        return number
    }

    /// The identities that the conditions on names of a match let through. Numbers that are not given yet are in it
    /// where nobody is: what they are has to be asked again.
    func identities(for match: PolicyMatch) -> IntervalSet<UInt32> {
        var result = IntervalSet<UInt32>.full
        func narrow<Value>(_ values: PolicyMatch.Values<Value>, _ named: (Value) -> IntervalSet<UInt32>) {
            if !values.any.isEmpty {
                result = result.intersection(values.any.reduce(.empty) { $0.union(named($1)) })
            }
            for value in values.none where !result.isEmpty {
                result = result.intersection(named(value).complement)
            }
        }
        narrow(match.namespaces) { self.numbers($0, in: byNamespace) }
        narrow(match.principals) { self.numbers($0, in: byPrincipal) }
        narrow(match.serviceAccounts) { account in
            IntervalSet(
                (byNamespace[account.namespace] ?? []).filter {
                    self.identities[Int($0) - 1].serviceAccount == account.name
                })
        }
        return result
    }

    private func numbers(_ match: StringMatch, in index: [String: [UInt32]]) -> IntervalSet<UInt32> {
        if case .exact(let text) = match { return IntervalSet(index[text] ?? []) }
        return IntervalSet(index.filter { match.matches($0.key) }.values.joined())
    }
}
