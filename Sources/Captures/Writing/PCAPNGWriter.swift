public import Model

/// A place where packets were seen, which a pcapng file calls an interface.
public struct ObservationPoint: Hashable, Sendable {
    /// Such as `node-a/eth0`; at most 65,535 bytes, like the description.
    public var name: String
    public var description: String
    public var linkType: LinkType

    public init(name: String, description: String = "", linkType: LinkType) {
        self.name = name
        self.description = description
        self.linkType = linkType
    }
}

/// Writes a pcapng file of one section, with timestamps in nanoseconds. The same calls give the same bytes: nothing of
/// the machine goes in. Source: pcapng draft, section 4.
public struct PCAPNGWriter: ~Copyable {
    /// Names of one block: readers refuse blocks of more than 16 MiB.
    private static let nameBlockByteLimit = 1 << 16
    /// Secrets type `ESPS`, as proposed for the pcapng draft: lines as in Wireshark's file `esp_sa`, with all columns.
    /// Readers that do not know it, as Wireshark 4.0, pass over the block.
    private static let securityAssociations: UInt32 = 0x4553_5053

    private var output: BufferedFile
    private var points: [ObservationPoint] = []

    /// Begins the file.
    /// - Parameters:
    ///   - path: `-` is standard output.
    ///   - application: Said to have written it.
    ///   - states: Those whose keys the file tells: nobody but the owner may read it then.
    public init(
        path: String, application: String, states: [XFRMState] = []
    ) throws(CaptureWriteError) {
        var output = try BufferedFile(path: path, isSecret: !states.isEmpty)
        try Self.begin(&output, application, states)
        self.init(output)
    }

    private static func begin(
        _ output: inout BufferedFile, _ application: String, _ states: [XFRMState]
    ) throws(CaptureWriteError) {
        var header = PCAPNGBlockBuilder(PCAPNGBlock.sectionHeader)
        // Magic, version 1.0, a length that is not told.
        for number in [PCAPNGBlock.byteOrderMagic, 1, .max, .max] { header.append(number) }
        header.appendOption(4, application)
        try output.write(header.finished(hasOptions: true))
        guard !states.isEmpty else { return }
        var secrets = PCAPNGBlockBuilder(PCAPNGBlock.decryptionSecrets)
        let lines = Array(WiresharkKeys.secrets(of: states).utf8)
        secrets.append(securityAssociations)
        secrets.append(UInt32(lines.count))
        secrets.appendPadded(lines)
        try output.write(secrets.finished(hasOptions: false))
    }

    private init(_ output: consuming BufferedFile) { self.output = output }

    /// Adds a place.
    /// - Returns: Its number in what is written of its packets.
    public mutating func add(_ point: ObservationPoint) throws(CaptureWriteError) -> Int {
        var block = PCAPNGBlockBuilder(PCAPNGBlock.interfaceDescription)
        block.append(point.linkType.rawValue & 0xffff)
        block.append(UInt32(CaptureReader.recordByteLimit))
        block.appendOption(2, point.name)
        block.appendOption(3, point.description)
        block.appendOption(9, [9])
        try output.write(block.finished(hasOptions: true))
        points.append(point)
        return points.count - 1
    }

    /// Adds names of addresses, in the order given; empty ones are left out.
    public mutating func write(names: [(address: IPAddress, name: String)]) throws(CaptureWriteError) {
        var rest = names.filter { !$0.name.isEmpty }[...]
        while !rest.isEmpty {
            var block = PCAPNGBlockBuilder(PCAPNGBlock.nameResolution)
            while let (address, name) = rest.first, block.byteCount < Self.nameBlockByteLimit {
                // A name ends with a NUL, and a record has a length of 16 bits.
                let text = name.utf8.prefix(1 << 12).filter { $0 != 0 } + [0]
                block.appendRecord(address.family == .v4 ? 1 : 2, address.bytes + text)
                rest.removeFirst()
            }
            block.append(0)
            try output.write(block.finished(hasOptions: false))
        }
    }

    /// Adds a packet.
    /// - Parameters:
    ///   - packet: From the link layer of the point on; at most `CaptureReader.recordByteLimit` bytes.
    ///   - point: What `add` has returned.
    ///   - timestamp: Nanoseconds since 1970.
    ///   - originalByteCount: Where it is more than what `packet` has.
    public mutating func write(
        _ packet: RawSpan, at point: Int, timestamp: UInt64, originalByteCount: Int = 0,
        _ annotations: PacketAnnotations = .none
    ) throws(CaptureWriteError) {
        precondition(points.indices.contains(point), "point \(point) of \(points.count)")
        precondition(packet.byteCount <= CaptureReader.recordByteLimit, "a packet of \(packet.byteCount) bytes")
        var options = PCAPNGBlockBuilder(PCAPNGBlock.enhancedPacket)
        options.appendAnnotations(annotations)
        let tail = options.options()
        let padding = -packet.byteCount & 3
        let byteCount = UInt32(32 + packet.byteCount + padding + tail.count)
        try output.write(PCAPNGBlock.enhancedPacket, byteCount, UInt32(point))
        try output.write(UInt32(truncatingIfNeeded: timestamp >> 32), UInt32(truncatingIfNeeded: timestamp))
        try output.write(UInt32(packet.byteCount), UInt32(clamping: max(packet.byteCount, originalByteCount)))
        try output.write(packet)
        try output.write([UInt8](repeating: 0, count: padding) + tail)
        try output.write(byteCount)
    }

    /// Writes what is still buffered. Without it there is no file, or what stood there before.
    public mutating func finish() throws(CaptureWriteError) { try output.finish() }
}
