import Model

/// The policies of one direction, in the order in which Linux asks them: by priority, then by age.
struct XFRMPolicyList {
    private(set) var policies: [XFRMPolicy] = []
    /// The distinct marks of the policies: most packets have none of them and are done.
    private var marks: [MarkSelector] = []

    /// Source: Linux, xfrm_policy_lookup_bytype.
    func first(_ source: IPAddress, _ destination: IPAddress, _ mark: PacketMark) -> Int? {
        var isMarked = false
        for index in 0..<marks.count where mark.rawValue & marks[index].mask == marks[index].value { isMarked = true }
        guard isMarked else { return nil }
        for index in policies.indices
        where policies[index].mark.matches(mark)
            && policies[index].selector.covers(source: source, destination: destination)
        {
            return index
        }
        return nil
    }

    mutating func add(_ policy: XFRMPolicy) -> Bool {
        guard index(policy.selector, policy.mark) == nil else { return false }
        let place = policies.firstIndex { $0.priority > policy.priority } ?? policies.endIndex
        policies.insert(policy, at: place)
        noteMarks()
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
        noteMarks()
        return true
    }

    /// Which policy is the same as far as Linux tells policies apart. Source: Linux, xfrm_policy_insert_list.
    private func index(_ selector: XFRMSelector, _ mark: MarkSelector) -> Int? {
        policies.firstIndex { $0.selector == selector && $0.mark == mark }
    }

    private mutating func noteMarks() {
        marks.removeAll(keepingCapacity: true)
        for policy in policies where !marks.contains(policy.mark) { marks.append(policy.mark) }
    }
}
