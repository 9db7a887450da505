extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952 text (`::ffff:10.0.0.1` for a mapped address).
    public var description: String {
        switch self {
        case .v4(let bits):
            return Self.dotted(bits)
        case .v6(let high, let low):
            if isMapped { return "::ffff:" + Self.dotted(UInt32(truncatingIfNeeded: low)) }
            return Self.groupsText(
                (0..<8).map { index in
                    UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)))
                })
        }
    }

    private static func dotted(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
    }

    /// RFC 5952 §4: lower case, the first longest run of at least two zero groups is `::`.
    private static func groupsText(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8 && groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ slice: ArraySlice<UInt16>) -> String {
            slice.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if best.isEmpty { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}

extension IPAddress {
    /// Reads `10.0.0.1`, `fd00::1` or `::ffff:10.0.0.1`; nil for anything else. No zone ids, no leading zeros.
    public init?(_ text: some StringProtocol) {
        let characters = Array(text.utf8)
        if characters.contains(UInt8(ascii: ":")) {
            guard let address = Self.parseV6(characters[...]) else { return nil }
            self = address
        } else {
            guard let bits = Self.parseV4(characters[...]) else { return nil }
            self = .v4(bits)
        }
    }

    private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for digit in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                number = number * 10 + UInt32(digit - UInt8(ascii: "0"))
            }
            guard number <= 255 else { return nil }
            bits = bits << 8 | number
        }
        return bits
    }

    private static func parseV6(_ text: ArraySlice<UInt8>) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        guard
            let gap = zip(text.indices, text.indices.dropFirst())
                .first(where: { text[$0] == colon && text[$1] == colon })
        else {
            guard let groups = parseGroups(text), groups.count == 8 else { return nil }
            return fromGroups(groups)
        }
        let head = text[..<gap.0]
        let tail = text[(gap.1 + 1)...]
        guard let first = head.isEmpty ? [] : parseGroups(head, endsAddress: false),
            let last = tail.isEmpty ? [] : parseGroups(tail),
            first.count + last.count <= 7
        else { return nil }
        return fromGroups(first + Array(repeating: 0, count: 8 - first.count - last.count) + last)
    }

    /// Groups of hexadecimal digits between colons; at the address's end the last may be a dotted IPv4 address.
    private static func parseGroups(_ text: ArraySlice<UInt8>, endsAddress: Bool = true) -> [UInt16]? {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if endsAddress, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let bits = parseV4(part) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var value: UInt16 = 0
            for digit in part {
                guard let nibble = Digits.value(ofHexadecimal: digit) else { return nil }
                value = value << 4 | UInt16(nibble)
            }
            groups.append(value)
        }
        return groups
    }

    private static func fromGroups(_ groups: [UInt16]) -> IPAddress {
        .v6(
            high: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
    }
}
