/// What a frame is to the programs at a node's interfaces (tc), which ask for its addresses and for ESP.
public enum InterfacePacket: Hashable, Sendable {
    /// ARP and every other EtherType; read at fixed places, a VLAN tag too.
    case notIP
    /// The addresses cannot be told.
    case unreadable
    /// `isESP`: whether the last header that can be walked to is that of ESP, or the fragment is one of ESP.
    case ip(AddressPair, isESP: Bool)

    /// Parses an Ethernet frame.
    public init(parsing frame: RawSpan, by parser: DataplaneOptions.TCParser) {
        switch parser {
        case .fixedPlaces:
            let end = EthernetHeader.untaggedByteCount
            guard frame.byteCount >= end else {
                self = .unreadable
                return
            }
            self.init(parsing: frame, at: end, as: EtherType(rawValue: frame.network16(at: end - 2)), by: parser)
        case .headerChain:
            guard let ethernet = try? EthernetHeader(parsing: frame) else {
                self = .unreadable
                return
            }
            self.init(parsing: frame, at: ethernet.byteCount, as: ethernet.etherType, by: parser)
        }
    }

    /// Parses an Ethernet frame.
    public init(parsing frame: [UInt8], by parser: DataplaneOptions.TCParser) {
        // Bytes have no padding that could be uninitialized.
        self.init(parsing: unsafe frame.span.bytes, by: parser)
    }

    private init(
        parsing bytes: RawSpan, at offset: Int, as etherType: EtherType, by parser: DataplaneOptions.TCParser
    ) {
        guard let family = etherType.addressFamily else {
            self = .notIP
            return
        }
        let size = family == .v4 ? IPv4Header.fixedByteCount : IPv6Header.byteCount
        let version: UInt8 = family == .v4 ? 4 : 6
        guard bytes.byteCount - offset >= size,
            parser == .fixedPlaces || bytes.byte(at: offset) >> 4 == version
        else {
            self = .unreadable
            return
        }
        switch family {
        case .v4: self.init(v4: bytes, at: offset, by: parser)
        case .v6: self.init(v6: bytes, at: offset, by: parser)
        }
    }

    private init(v4 bytes: RawSpan, at offset: Int, by parser: DataplaneOptions.TCParser) {
        let addresses = AddressPair(
            source: .v4(bytes.network32(at: offset + 12)), destination: .v4(bytes.network32(at: offset + 16)))
        let next = IPProtocol(rawValue: bytes.byte(at: offset + 9))
        let headerByteCount = Int(bytes.byte(at: offset) & 15) * 4
        let isLaterFragment = bytes.network16(at: offset + 6) & 0x1fff != 0
        guard parser == .headerChain, next.isExtensionHeader(of: .v4), !isLaterFragment,
            headerByteCount >= IPv4Header.fixedByteCount
        else {
            self = .ip(addresses, isESP: next == .esp)
            return
        }
        let end = min(offset + Int(bytes.network16(at: offset + 2)), bytes.byteCount)
        let isESP = Self.leadsToESP(bytes, from: offset + headerByteCount, to: end, first: next, family: .v4)
        self = .ip(addresses, isESP: isESP)
    }

    private init(v6 bytes: RawSpan, at offset: Int, by parser: DataplaneOptions.TCParser) {
        func address(at place: Int) -> IPAddress {
            .v6(high: bytes.network64(at: place), low: bytes.network64(at: place + 8))
        }
        let addresses = AddressPair(source: address(at: offset + 8), destination: address(at: offset + 24))
        let next = IPProtocol(rawValue: bytes.byte(at: offset + 6))
        guard parser == .headerChain, next.isExtensionHeader(of: .v6) else {
            self = .ip(addresses, isESP: next == .esp)
            return
        }
        let start = offset + IPv6Header.byteCount
        let end = min(start + Int(bytes.network16(at: offset + 4)), bytes.byteCount)
        self = .ip(addresses, isESP: Self.leadsToESP(bytes, from: start, to: end, first: next, family: .v6))
    }

    /// Whether extension headers can be walked over, and ESP comes behind.
    public static func leadsToESP(
        _ bytes: RawSpan, from offset: Int, to end: Int, first: IPProtocol, family: AddressFamily
    ) -> Bool {
        let chain = try? HeaderChain(walking: bytes, from: offset, to: end, first: first, family: family)
        return chain?.next == .esp
    }
}
