import Model

/// The packets of several captures in the order of time, from the network layer on: filtered, link layers stepped over,
/// tunnels opened on request.
public struct NetworkPackets: ~Copyable {
    /// One packet; its bytes are lent by `withBytes`.
    public struct Packet: Hashable, Sendable {
        /// Index of its capture.
        public let capture: Int
        public let record: CaptureRecord
        /// In the frame. Where the link layer cannot be parsed, no EtherType, and nothing behind it.
        public let layer: NetworkLayer
        /// Whether the link layer cannot be parsed.
        public let isDamaged: Bool

        /// Bytes from the network layer on, as they were on the wire.
        public var originalByteCount: Int { max(0, record.originalByteCount - layer.offset) }
    }

    /// What has come of one capture's records; the rest was given.
    public struct Counts: Hashable, Sendable {
        /// All of them.
        public internal(set) var read: UInt64 = 0
        /// What the filter does not accept.
        public internal(set) var filtered: UInt64 = 0
        /// Of a link type that is not supported.
        public internal(set) var unsupported: UInt64 = 0
        /// With a link layer that cannot be parsed; they are given all the same.
        public internal(set) var damagedLinks: UInt64 = 0
        /// The inner packet was given.
        public internal(set) var tunnelled: UInt64 = 0
        /// The types of unsupported links, in the order of their appearance.
        public internal(set) var unsupportedTypes: [LinkType] = []
    }

    private var captures: MergedCaptures
    private var filters: CaptureFilters?
    private let tunnels: TunnelPorts?
    /// Link layers that have come up; nil for one that is not supported.
    private var links: [(type: LinkType, layer: LinkLayer?)] = []
    /// By capture.
    public private(set) var counts: [Counts]

    /// Opens all captures, in this order.
    /// - Parameters:
    ///   - filter: An expression of libpcap, nil for all packets. A tunnel's outer packet is what it sees.
    ///   - tunnels: Which UDP packets are opened, nil for none.
    /// - Throws: `CaptureError` for the first that cannot be opened, `FilterError` for a wrong expression.
    public init(paths: [String], filter: String? = nil, tunnels: TunnelPorts? = nil) throws {
        let captures = try MergedCaptures(paths: paths)
        let filters = try filter.map { try Self.filters($0, for: captures) }
        self.init(captures, filters, tunnels)
    }

    private init(_ captures: consuming MergedCaptures, _ filters: CaptureFilters?, _ tunnels: TunnelPorts?) {
        counts = Array(repeating: Counts(), count: captures.count)
        self.captures = captures
        self.filters = filters
        self.tunnels = tunnels
    }

    /// Compiles an expression for all link types that are known before the first record.
    private static func filters(
        _ expression: String, for captures: borrowing MergedCaptures
    ) throws(FilterError) -> CaptureFilters {
        var filters = CaptureFilters(expression: expression)
        for index in 0..<captures.count {
            for interface in captures.withReader(index, { $0.interfaces }) {
                // A type that is not supported has no packets to be filtered.
                guard (try? LinkLayer(interface.linkType)) != nil else { continue }
                try filters.filter(for: interface.linkType)
            }
        }
        return filters
    }

    /// The next packet, nil after the last.
    public mutating func next() throws(FilterError) -> Packet? {
        while let (capture, record) = captures.next() {
            counts[capture].read += 1
            guard let link = link(of: record.linkType) else {
                countUnsupported(record.linkType, capture)
                continue
            }
            if filters != nil, try !accepts(record, capture) {
                counts[capture].filtered += 1
                continue
            }
            let layer = layer(link, of: record, capture)
            return Packet(
                capture: capture, record: record,
                layer: layer ?? NetworkLayer(EtherType(rawValue: 0), at: record.capturedByteCount),
                isDamaged: layer == nil)
        }
        return nil
    }

    /// Lends the captured bytes from the network layer on, of the packet that `next` gave last.
    public func withBytes<R, E: Error>(of packet: Packet, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try captures.withBytes(of: packet.record) { (frame) throws(E) in
            try body(frame.extracting(droppingFirst: packet.layer.offset))
        }
    }

    /// Captures that broke off, in the order of their appearance.
    public var faults: [CaptureError] { captures.faults }

    /// Whether there was anything to be had: false where all that was read is of unsupported links, or nothing was read
    /// because the captures are broken.
    public var couldBeRead: Bool {
        let isAnyRead = counts.contains { $0.read > $0.unsupported }
        let isAnyLeftOut = !captures.faults.isEmpty || counts.contains { $0.unsupported > 0 }
        return isAnyRead || !isAnyLeftOut
    }

    /// What a capture's reader has passed over or made up, and links that were not looked into; phrases.
    public func notes(of capture: Int) -> [String] {
        let counts = counts[capture]
        var notes = captures.withReader(capture) { $0.notes.phrases }
        if !counts.unsupportedTypes.isEmpty {
            let types = counts.unsupportedTypes.map(\.description).joined(separator: ", ")
            notes.append("\(Self.counted(counts.unsupported)) of link type \(types), which is not supported")
        }
        if counts.damagedLinks > 0 {
            notes.append("\(Self.counted(counts.damagedLinks)) with a link layer that cannot be parsed")
        }
        if counts.tunnelled > 0 { notes.append("\(Self.counted(counts.tunnelled)) taken out of a tunnel") }
        return notes
    }

    /// How many bytes have been read of how many there are; nil where one of the captures has no size.
    public var progress: (byteCount: UInt64, of: UInt64)? { captures.progress }

    private static func counted(_ count: UInt64) -> String { "\(count) packet\(count == 1 ? "" : "s")" }

    // MARK: Frames

    private mutating func link(of type: LinkType) -> LinkLayer? {
        for entry in links where entry.type == type { return entry.layer }
        let layer = try? LinkLayer(type)
        links.append((type, layer))
        return layer
    }

    private mutating func countUnsupported(_ type: LinkType, _ capture: Int) {
        counts[capture].unsupported += 1
        if !counts[capture].unsupportedTypes.contains(type) { counts[capture].unsupportedTypes.append(type) }
    }

    private mutating func accepts(_ record: CaptureRecord, _ capture: Int) throws(FilterError) -> Bool {
        let filter = try filters?.filter(for: record.linkType)
        return captures.withBytes(of: record) { frame in
            filter?.accepts(frame, originalByteCount: record.originalByteCount) ?? true
        }
    }

    /// - Returns: nil where the link layer cannot be parsed.
    private mutating func layer(_ link: LinkLayer, of record: CaptureRecord, _ capture: Int) -> NetworkLayer? {
        let found: (layer: NetworkLayer, isInner: Bool)? = captures.withBytes(of: record) { frame in
            guard let layer = try? link.networkLayer(of: frame) else { return nil }
            guard let tunnels, let inner = layer.tunnelled(in: frame, tunnels) else { return (layer, false) }
            return (inner, true)
        }
        guard let found else {
            counts[capture].damagedLinks += 1
            return nil
        }
        if found.isInner { counts[capture].tunnelled += 1 }
        return found.layer
    }
}
