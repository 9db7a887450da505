/// Blocks of pcapng files. Source: pcapng draft, section 4.
///
/// What makes the errors is mutating although it changes nothing: for a borrow of this value the compiler copies it, on
/// every packet's way.
extension CaptureReader {
    /// Blocks that are looked into, options and all. Others may be longer: they are stepped over.
    private static let blockByteLimit = 1 << 20
    /// Simple packet blocks have no more than type, length and original length before the packet.
    private static let simpleDataOffset = 12
    /// Of enhanced packet blocks, and of the obsolete ones.
    private static let enhancedDataOffset = 28

    /// Steps over blocks up to the next packet.
    mutating func advancePCAPNG() throws(CaptureError) -> Bool {
        while true {
            guard window.ensure(8) else {
                if window.available == 0, window.fault == nil { return false }
                throw shortage(of: "the header of a block", at: window.offset, wanted: 8)
            }
            let type = window.number32(at: 0, swapped: isSwapped)
            guard type != PCAPNGBlock.sectionHeader else {
                try beginSection()
                continue
            }
            let byteCount = Int(window.number32(at: 4, swapped: isSwapped))
            guard byteCount >= PCAPNGBlock.minimumByteCount, byteCount & 3 == 0 else {
                throw damage(
                    at: window.offset, "a block has a length of \(byteCount); it is a multiple of 4 from 12 on")
            }
            switch type {
            case PCAPNGBlock.enhancedPacket, PCAPNGBlock.packet:
                try enhancedPacket(byteCount, isObsolete: type == PCAPNGBlock.packet)
                return true
            case PCAPNGBlock.simplePacket:
                try simplePacket(byteCount)
                return true
            case PCAPNGBlock.interfaceDescription: try describeInterface(byteCount)
            default: try skipBlock(type, byteCount)
            }
        }
    }

    /// Sees to it that all of a block is there and that it ends with its length.
    private mutating func requireBlock(_ name: String, _ byteCount: Int, minimum: Int) throws(CaptureError) {
        guard byteCount >= minimum, byteCount <= Self.blockByteLimit else {
            throw damage(
                at: window.offset,
                "\(name) has a length of \(byteCount); it is from \(minimum) to \(Self.blockByteLimit)")
        }
        guard window.ensure(byteCount) else { throw shortage(of: name, at: window.offset, wanted: byteCount) }
        let trailer = Int(window.number32(at: byteCount - 4, swapped: isSwapped))
        guard trailer == byteCount else { throw mismatch(name, at: window.offset, byteCount, trailer) }
    }

    private mutating func mismatch(_ name: String, at offset: UInt64, _ byteCount: Int, _ trailer: Int) -> CaptureError
    {
        damage(at: offset, "\(name) has a length of \(byteCount) at its beginning and of \(trailer) at its end")
    }

    // MARK: Packets

    /// An enhanced packet block, or the packet block it has replaced, which has two numbers of 16 bits where the other
    /// has the interface in 32.
    private mutating func enhancedPacket(_ byteCount: Int, isObsolete: Bool) throws(CaptureError) {
        try requireBlock("a packet block", byteCount, minimum: Self.enhancedDataOffset + 4)
        let number =
            isObsolete
            ? Int(window.number16(at: 8, swapped: isSwapped)) : Int(window.number32(at: 8, swapped: isSwapped))
        let interface = try interfaceIndex(number)
        let captured = Int(window.number32(at: 20, swapped: isSwapped))
        guard captured <= min(byteCount - Self.enhancedDataOffset - 4, Self.recordByteLimit) else {
            throw overlong(captured, room: byteCount - Self.enhancedDataOffset - 4)
        }
        let ticks =
            UInt64(window.number32(at: 12, swapped: isSwapped)) << 32
            | UInt64(window.number32(at: 16, swapped: isSwapped))
        let time = traits[interface].clock.nanoseconds(ticks)
        if time == nil { notes.unusableTimestampCount += 1 }
        give(
            dataDistance: Self.enhancedDataOffset, captured: captured,
            original: Int(window.number32(at: 24, swapped: isSwapped)), timestamp: time ?? current.timestamp,
            interface: interface, linkType: traits[interface].linkType)
        window.advance(byteCount)
    }

    /// A simple packet block: of the section's first interface, without time, cut to the snap length.
    private mutating func simplePacket(_ byteCount: Int) throws(CaptureError) {
        try requireBlock("a simple packet block", byteCount, minimum: Self.simpleDataOffset + 4)
        let interface = try interfaceIndex(0)
        let original = Int(window.number32(at: 8, swapped: isSwapped))
        let snapLength = traits[interface].snapLength
        let captured = snapLength == 0 ? original : min(original, Int(snapLength))
        guard captured <= min(byteCount - Self.simpleDataOffset - 4, Self.recordByteLimit) else {
            throw overlong(captured, room: byteCount - Self.simpleDataOffset - 4)
        }
        notes.missingTimestampCount += 1
        give(
            dataDistance: Self.simpleDataOffset, captured: captured, original: original, timestamp: current.timestamp,
            interface: interface, linkType: traits[interface].linkType)
        window.advance(byteCount)
    }

    @inline(__always)
    private mutating func interfaceIndex(_ number: Int) throws(CaptureError) -> Int {
        guard number < traits.count - firstInterface else { throw unknownInterface(number) }
        return firstInterface + number
    }

    private mutating func unknownInterface(_ number: Int) -> CaptureError {
        damage(
            at: window.offset,
            "record \(recordCount + 1) names interface \(number); its section has described "
                + "\(interfaces.count - firstInterface)")
    }

    private mutating func overlong(_ captured: Int, room: Int) -> CaptureError {
        damage(
            at: window.offset,
            "record \(recordCount + 1) has a captured length of \(captured); its block has room for \(room), and the "
                + "most is \(Self.recordByteLimit)")
    }

    // MARK: Other blocks

    /// Reads a section header: from here on its byte order counts, and interfaces are counted anew.
    mutating func beginSection() throws(CaptureError) {
        let name = "a section header"
        guard window.ensure(12) else { throw shortage(of: name, at: window.offset, wanted: 12) }
        switch window.number32(at: 8, swapped: false) {
        case PCAPNGBlock.byteOrderMagic: isSwapped = false
        case PCAPNGBlock.byteOrderMagic.byteSwapped: isSwapped = true
        case let magic:
            throw damage(
                at: window.offset, "\(name) has the byte order magic \(String(magic, radix: 16)), not 1a2b3c4d")
        }
        let byteCount = Int(window.number32(at: 4, swapped: isSwapped))
        guard byteCount & 3 == 0 else {
            throw damage(at: window.offset, "\(name) has a length of \(byteCount); it is a multiple of 4")
        }
        try requireBlock(name, byteCount, minimum: 28)
        let (major, minor) = (window.number16(at: 12, swapped: isSwapped), window.number16(at: 14, swapped: isSwapped))
        // Some writers have said 1.2 and meant 1.0.
        guard major == 1, minor == 0 || minor == 2 else {
            throw CaptureError(
                file, .unsupported, at: window.offset, "is pcapng of version \(major).\(minor); version 1.0 is read")
        }
        firstInterface = interfaces.count
        window.advance(byteCount)
    }

    private mutating func describeInterface(_ byteCount: Int) throws(CaptureError) {
        try requireBlock("an interface description", byteCount, minimum: 20)
        guard interfaces.count < Self.interfaceLimit else {
            throw CaptureError(
                file, .unsupported, at: window.offset, "describes more than \(Self.interfaceLimit) interfaces")
        }
        var (name, description) = ("", "")
        var (resolution, offsetSeconds) = (CaptureClock.microseconds.resolution, Int64(0))
        var options = PCAPNGOptions(window.copy(at: 16, count: byteCount - 20), isBigEndian: isSwapped)
        do throws(OptionFault) {
            while let (code, value) = try options.next() {
                switch code {
                case 2: name = Self.text(value)
                case 3: description = Self.text(value)
                case 9: resolution = value.first ?? resolution
                case 14 where value.count == 8:
                    let ordered = isSwapped ? Array(value) : value.reversed()
                    offsetSeconds = Int64(bitPattern: ordered.reduce(0) { $0 << 8 | UInt64($1) })
                default: break
                }
            }
        } catch {
            throw damage(
                at: window.offset + 16 + UInt64(error.offset), "an option of an interface runs past its block's end")
        }
        add(
            CaptureInterface(
                name: name, description: description,
                linkType: LinkType(rawValue: UInt32(window.number16(at: 8, swapped: isSwapped))),
                snapLength: window.number32(at: 12, swapped: isSwapped),
                clock: CaptureClock(resolution: resolution, offsetSeconds: offsetSeconds)))
        window.advance(byteCount)
    }

    /// A text option, up to a NUL; what is not UTF-8 is replaced.
    private static func text(_ value: ArraySlice<UInt8>) -> String {
        String(decoding: value.prefix(255).prefix { $0 != 0 }, as: UTF8.self)
    }

    private mutating func skipBlock(_ type: UInt32, _ byteCount: Int) throws(CaptureError) {
        let offset = window.offset
        let name = "a block of type 0x\(String(type, radix: 16))"
        guard window.skip(byteCount - 4), window.ensure(4) else {
            let missing = byteCount - Int(window.offset - offset) - window.available
            guard window.fault == nil else { throw shortage(of: name, at: offset, wanted: byteCount) }
            throw damage(at: offset, "\(name) is cut off: the file ends \(missing) bytes before its end")
        }
        let trailer = Int(window.number32(at: 0, swapped: isSwapped))
        guard trailer == byteCount else { throw mismatch(name, at: offset, byteCount, trailer) }
        window.advance(4)
        notes.countSkipped(type)
    }
}
