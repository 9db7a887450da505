import Model

/// The policies of one direction, in the order in which Linux asks them: by priority, then by age.
struct XFRMPolicyList {
    /// What a packet must have for any policy to be for it.
    private struct Trait: Hashable {
        var mark: MarkSelector
        var icmpType: UInt8?
    }

    private(set) var policies: [XFRMPolicy] = []
    /// The distinct traits of the policies: most packets have none of them and are done.
    private var traits: [Trait] = []
    /// The places of policies that name no type of ICMP.
    private var untyped: [Int] = []

    /// Source: Linux, xfrm_policy_lookup_bytype.
    func first(_ source: IPAddress, _ destination: IPAddress, _ icmpType: UInt8?, _ mark: PacketMark) -> Int? {
        var (isCovered, isTyped) = (false, false)
        for index in 0..<traits.count where mark.rawValue & traits[index].mark.mask == traits[index].mark.value {
            if traits[index].icmpType == nil {
                isCovered = true
            } else if traits[index].icmpType == icmpType {
                (isCovered, isTyped) = (true, true)
            }
        }
        guard isCovered else { return nil }
        if isTyped {
            for index in 0..<policies.count
            where policies[index].mark.matches(mark)
                && policies[index].selector.covers(source: source, destination: destination, icmpType: icmpType)
            {
                return index
            }
            return nil
        }
        for place in 0..<untyped.count {
            let index = untyped[place]
            if policies[index].mark.matches(mark),
                policies[index].selector.covers(source: source, destination: destination)
            {
                return index
            }
        }
        return nil
    }

    mutating func add(_ policy: XFRMPolicy) -> Bool {
        guard index(policy.selector, policy.mark) == nil else { return false }
        let place = policies.firstIndex { $0.priority > policy.priority } ?? policies.endIndex
        policies.insert(policy, at: place)
        noteTraits()
        return true
    }

    mutating func update(_ policy: XFRMPolicy) {
        guard let index = index(policy.selector, policy.mark) else {
            _ = add(policy)
            return
        }
        if policies[index].priority == policy.priority {
            policies[index] = policy
        } else {
            policies.remove(at: index)
            _ = add(policy)
        }
    }

    mutating func delete(_ selector: XFRMSelector, _ mark: MarkSelector) -> Bool {
        guard let index = index(selector, mark) else { return false }
        policies.remove(at: index)
        noteTraits()
        return true
    }

    /// Which policy is the same as far as Linux tells policies apart. Source: Linux, xfrm_policy_insert_list.
    private func index(_ selector: XFRMSelector, _ mark: MarkSelector) -> Int? {
        policies.firstIndex { $0.selector == selector && $0.mark == mark }
    }

    private mutating func noteTraits() {
        traits.removeAll(keepingCapacity: true)
        untyped.removeAll(keepingCapacity: true)
        for (index, policy) in policies.enumerated() {
            let trait = Trait(mark: policy.mark, icmpType: policy.selector.icmpType)
            if !traits.contains(trait) { traits.append(trait) }
            if trait.icmpType == nil { untyped.append(index) }
        }
    }
}
