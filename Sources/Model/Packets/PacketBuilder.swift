/// Makes the frames of TCP connections, for examples and tests: right in everything, checksums included, but for what
/// the caller chooses otherwise.
public struct PacketBuilder: Hashable, Sendable {
    /// A header between the IP header and TCP.
    public struct ExtensionHeader: Hashable, Sendable {
        public var kind: IPProtocol
        /// What follows the next header and the length; filled up with zeros to the size that the length can say.
        public var contents: [UInt8]

        public init(_ kind: IPProtocol, contents: [UInt8] = []) {
            self.kind = kind
            self.contents = contents
        }

        /// The header's bytes in front of `next`.
        func bytes(before next: IPProtocol) -> [UInt8] {
            let unit = kind == .authentication ? 4 : 8
            let byteCount = max(8, (2 + contents.count + unit - 1) / unit * unit)
            // Of a fragment header the length is reserved and 0, as it comes out for 8 bytes.
            let length = kind == .authentication ? byteCount / 4 - 2 : byteCount / 8 - 1
            let filler = repeatElement(UInt8(0), count: byteCount - 2 - contents.count)
            return [next.rawValue, UInt8(truncatingIfNeeded: length)] + contents + filler
        }

        /// The header that makes a packet a fragment.
        static func fragment(_ field: FragmentField) -> ExtensionHeader {
            let position = UInt16(truncatingIfNeeded: field.byteOffset) | (field.hasMore ? 1 : 0)
            return ExtensionHeader(.fragment, contents: position.networkBytes + field.identification.networkBytes)
        }
    }

    /// Both of one family.
    public var flow: PacketFlow
    public var flags: TCPFlags
    /// Filled up with zeros (end of options) to a multiple of 4; at most 40 bytes.
    public var tcpOptions: [UInt8] = []
    public var payload: [UInt8] = []
    /// The tags' EtherTypes, the outer first.
    public var tags: [EtherType] = []
    /// IPv4 options, filled up with zeros to a multiple of 4; at most 40 bytes.
    public var ipOptions: [UInt8] = []
    public var extensionHeaders: [ExtensionHeader] = []

    /// A SYN, or a packet with other flags.
    public init(_ flow: PacketFlow, flags: TCPFlags = .syn) {
        precondition(
            flow.source.address.family == flow.destination.address.family, "\(flow) mixes address families")
        self.flow = flow
        self.flags = flags
    }

    private var family: AddressFamily { flow.source.address.family }

    /// The whole packet in one frame.
    public var frame: [UInt8] { frame(chain + segment, first: first, .whole) }

    /// A frame of the same addresses that carries something else.
    public func frame(carrying protocolNumber: IPProtocol, _ contents: [UInt8]) -> [UInt8] {
        frame(contents, first: protocolNumber, .whole)
    }

    /// One fragment of the packet, whatever else its datagram is cut into. In IPv6 all extension headers stand behind
    /// the fragment header.
    /// - Parameters:
    ///   - range: The bytes of extension headers, TCP header and payload that it carries; one past the end is cut.
    ///   - hasMore: Whether more fragments follow; nil for what the range tells.
    public func fragment(_ range: Range<Int>, identification: UInt32, hasMore: Bool? = nil) -> [UInt8] {
        let whole = chain + segment
        let field = FragmentField(
            identification: identification, byteOffset: range.lowerBound,
            hasMore: hasMore ?? (range.upperBound < whole.count))
        let part = Array(whole[range.clamped(to: 0..<whole.count)])
        switch family {
        case .v4: return frame(part, first: first, field)
        case .v6:
            let header = ExtensionHeader.fragment(field).bytes(before: first)
            return frame(header + part, first: .fragment, .whole)
        }
    }

    /// The extension headers in front of TCP.
    private var chain: [UInt8] {
        var bytes: [UInt8] = []
        for (index, header) in extensionHeaders.enumerated() {
            let isLast = index + 1 == extensionHeaders.count
            bytes += header.bytes(before: isLast ? .tcp : extensionHeaders[index + 1].kind)
        }
        return bytes
    }

    /// What the IP header names.
    private var first: IPProtocol { extensionHeaders.first?.kind ?? .tcp }

    /// TCP header and payload.
    private var segment: [UInt8] {
        let options = tcpOptions + repeatElement(0, count: -tcpOptions.count & 3)
        precondition(options.count <= 40, "\(options.count) bytes of TCP options")
        let dataOffset = UInt8(TCPHeader.fixedByteCount + options.count) / 4
        var bytes = flow.source.port.networkBytes + flow.destination.port.networkBytes
        bytes += UInt32(1).networkBytes + UInt32(flags.contains(.ack) ? 1 : 0).networkBytes
        bytes += [dataOffset << 4, flags.rawValue] + UInt16(0xffff).networkBytes + [0, 0, 0, 0]
        bytes += options + payload
        let pseudoHeader =
            flow.source.address.bytes + flow.destination.address.bytes + UInt32(bytes.count).networkBytes
            + [0, 0, 0, IPProtocol.tcp.rawValue]
        bytes.replaceSubrange(16..<18, with: InternetChecksum.of(pseudoHeader + bytes).networkBytes)
        return bytes
    }

    /// Puts the Ethernet and the IP header before what the packet carries.
    private func frame(_ contents: [UInt8], first: IPProtocol, _ field: FragmentField) -> [UInt8] {
        // Locally administered addresses.
        var bytes: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]
        for tag in tags { bytes += tag.rawValue.networkBytes + UInt16(1).networkBytes }
        switch family {
        case .v4: bytes += EtherType.ipv4.rawValue.networkBytes + ipv4Header(contents.count, first, field)
        case .v6: bytes += EtherType.ipv6.rawValue.networkBytes + ipv6Header(contents.count, first)
        }
        return bytes + contents
    }

    private func ipv4Header(_ byteCount: Int, _ first: IPProtocol, _ field: FragmentField) -> [UInt8] {
        let options = ipOptions + repeatElement(0, count: -ipOptions.count & 3)
        precondition(options.count <= 40, "\(options.count) bytes of IPv4 options")
        let headerByteCount = IPv4Header.fixedByteCount + options.count
        var bytes = [0x40 | UInt8(headerByteCount / 4), 0]
        bytes += UInt16(headerByteCount + byteCount).networkBytes
        bytes += UInt16(truncatingIfNeeded: field.identification).networkBytes
        bytes += (UInt16(field.byteOffset / 8) | (field.hasMore ? 0x2000 : 0)).networkBytes
        bytes += [64, first.rawValue, 0, 0] + flow.source.address.bytes + flow.destination.address.bytes + options
        bytes.replaceSubrange(10..<12, with: InternetChecksum.of(bytes).networkBytes)
        return bytes
    }

    private func ipv6Header(_ byteCount: Int, _ first: IPProtocol) -> [UInt8] {
        [0x60, 0, 0, 0] + UInt16(byteCount).networkBytes + [first.rawValue, 64] + flow.source.address.bytes
            + flow.destination.address.bytes
    }
}

extension FragmentField {
    /// What stands in an IPv4 packet that is not cut.
    fileprivate static let whole = FragmentField(identification: 0, byteOffset: 0, hasMore: false)
}

extension FixedWidthInteger {
    /// The bytes in network order.
    fileprivate var networkBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }
}
