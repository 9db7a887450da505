import Model

/// The pods on a node, as far as they tell that it is there and which addresses it has.
struct HostPods: Sendable {
    /// How many there are.
    private(set) var count = 0
    /// The different lists of addresses that pods tell, with how many tell each.
    private var lists: [[IPAddress]: Int] = [:]

    /// Counts a pod, or with -1 does not count it any more.
    mutating func count(_ addresses: [IPAddress], by step: Int) {
        count += step
        guard !addresses.isEmpty else { return }
        let number = (lists[addresses] ?? 0) + step
        lists[addresses] = number == 0 ? nil : number
    }

    /// The addresses that all pods agree on; nil when they do not, so that their order decides.
    var agreed: [IPAddress]? { lists.count > 1 ? nil : lists.first?.key ?? [] }
}
