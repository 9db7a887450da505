/// The blocks that conditions name, nested as they lie in each other, under one root for each family.
///
/// Two addresses with the same innermost block are in the same blocks, so a block without those inside it is as far as
/// conditions can tell addresses apart.
struct BlockTree {
    /// One block.
    struct Node {
        /// Without host bits.
        let block: Prefix
        /// The block around it; nil for a root.
        var parent: Int?
        /// The blocks directly inside it, in order of addresses.
        var children: [Int] = []
        /// Whether no source address is in it: IPv4-mapped addresses are IPv4 to authorization.
        var isMapped = false
    }

    /// A block after the one around it; blocks side by side in order of addresses, IPv4 first.
    private(set) var nodes: [Node] = []
    private var numbers: [Prefix: Int] = [:]
    /// Of each family, by its raw value, the lengths of its blocks, longest first.
    private var lengths: [[Int]]

    /// - Parameter blocks: With or without host bits, in any order, also more than once.
    init(_ blocks: some Sequence<Prefix>) {
        let mapped = Self.block(IPAddress.v4(0).mapped, 96)
        let roots = [Self.block(.anyV4, 0), Self.block(.anyV6, 0)]
        let all = Set(blocks.map { Self.block($0.network, $0.length) }).union(roots + [mapped])
        let sorted = all.sorted {
            $0.address == $1.address ? $0.length < $1.length : $0.address < $1.address
        }
        lengths = AddressFamily.allCases.map { family in
            Set(sorted.filter { $0.address.family == family }.map(\.length)).sorted(by: >)
        }
        var open: [Int] = []
        for block in sorted {
            while let last = open.last, !nodes[last].block.contains(block.address) { open.removeLast() }
            var node = Node(block: block, parent: open.last)
            node.isMapped = block == mapped || open.last.map { nodes[$0].isMapped } ?? false
            if let parent = open.last { nodes[parent].children.append(nodes.count) }
            numbers[block] = nodes.count
            open.append(nodes.count)
            nodes.append(node)
        }
    }

    private static func block(_ address: IPAddress, _ length: Int) -> Prefix {
        guard let block = Prefix(address, length: length) else {
            preconditionFailure("no block \(address)/\(length)")
        }
        return block
    }

    /// The innermost block that holds an address.
    func node(of address: IPAddress) -> Int {
        for length in lengths[Int(address.family.rawValue)] {
            guard let prefix = Prefix(address, length: length) else { continue }
            if let number = numbers[Self.block(prefix.network, length)] { return number }
        }
        preconditionFailure("the roots hold every address")
    }

    /// The number of a block that the tree was made of.
    func node(of block: Prefix) -> Int {
        guard let number = numbers[Self.block(block.network, block.length)] else {
            preconditionFailure("block \(block) is not in the tree")
        }
        return number
    }

    /// Of each node whether a condition on addresses holds for what is in it and in no block inside it.
    func holds(_ values: PolicyMatch.Values<Prefix>) -> [Bool] {
        let any = inside(values.any)
        let none = inside(values.none)
        return nodes.indices.map { (values.any.isEmpty || any[$0]) && !none[$0] }
    }

    /// Of each node whether it is in one of the blocks.
    private func inside(_ blocks: [Prefix]) -> [Bool] {
        var result = [Bool](repeating: false, count: nodes.count)
        guard !blocks.isEmpty else { return result }
        for block in blocks { result[node(of: block)] = true }
        for (number, node) in nodes.enumerated() {
            if let parent = node.parent, result[parent] { result[number] = true }
        }
        return result
    }

    /// An address that is in the block, in no block inside it, and not among `taken`; nil when there is none.
    /// - Parameter taken: Addresses whose innermost block this is, in order.
    func freeAddress(in number: Int, except taken: [IPAddress]) -> IPAddress? {
        let node = nodes[number]
        var candidate = node.block.address.number
        var children = node.children[...]
        var taken = taken[...]
        while true {
            if let child = children.first, nodes[child].block.address.number == candidate {
                let last = nodes[child].block.lastAddress.number
                children.removeFirst()
                guard last < node.block.lastAddress.number else { return nil }
                candidate = last + 1
            } else if let address = taken.first, address.number == candidate {
                taken.removeFirst()
                guard candidate < node.block.lastAddress.number else { return nil }
                candidate += 1
            } else {
                return IPAddress(family: node.block.address.family, number: candidate)
            }
        }
    }
}

extension IPAddress {
    /// The address as a number: 32 or 128 bits.
    fileprivate var number: UInt128 {
        switch self {
        case .v4(let bits): UInt128(bits)
        case .v6(let high, let low): UInt128(high) << 64 | UInt128(low)
        }
    }

    fileprivate init(family: AddressFamily, number: UInt128) {
        self =
            switch family {
            case .v4: .v4(UInt32(truncatingIfNeeded: number))
            case .v6: .v6(high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number))
            }
    }
}

extension Prefix {
    /// The last address of the block.
    fileprivate var lastAddress: IPAddress {
        let hostBits = UInt128(address.bitCount - length)
        let hosts: UInt128 = hostBits == 128 ? .max : (1 << hostBits) - 1
        return IPAddress(family: address.family, number: network.number | hosts)
    }
}
