import Model

/// A frame with TCP in it, part by part.
struct TestFrame {
    var tags: [UInt16] = []
    var source = IPAddress.v4(0x0A00_0001)
    var destination = IPAddress.v4(0x0A01_0002)
    var ports: (source: UInt16, destination: UInt16) = (1234, 80)
    var flags: UInt8 = 0x02
    var protocolNumber: UInt8 = 6
    /// Behind the fixed IPv4 header; a multiple of four bytes.
    var options: [UInt8] = []
    /// Between the IP header and TCP: the number of each, and its bytes but for the first, which names the next.
    var extensions: [(number: UInt8, rest: [UInt8])] = []
    /// Of IPv4: more fragments, and the offset in units of eight bytes.
    var fragment: (hasMore: Bool, offset: UInt16) = (false, 0)
    var identification: UInt16 = 0x1234
    var payload: [UInt8] = []
    var dataOffset: UInt8 = 5
    var padding = 0

    static let (syn, ack, synAck): (UInt8, UInt8, UInt8) = (0x02, 0x10, 0x12)

    static func between(_ source: IPAddress, _ destination: IPAddress, _ flags: UInt8 = syn) -> TestFrame {
        var frame = TestFrame()
        (frame.source, frame.destination, frame.flags) = (source, destination, flags)
        return frame
    }

    func with(_ change: (inout TestFrame) -> Void) -> TestFrame {
        var copy = self
        change(&copy)
        return copy
    }

    private var transport: [UInt8] {
        pair(ports.source) + pair(ports.destination) + [1, 2, 3, 4, 0, 0, 0, 0, dataOffset << 4, flags]
            + [0xFA, 0xF0, 0, 0, 0, 0] + payload
    }

    /// What follows the IP header, and what number it begins with.
    private var content: (number: UInt8, bytes: [UInt8]) {
        var (number, bytes) = (protocolNumber, transport)
        for header in extensions.reversed() {
            bytes = [number] + header.rest + bytes
            number = header.number
        }
        return (number, bytes)
    }

    var bytes: [UInt8] {
        var frame: [UInt8] = [2, 0xAA, 0, 0, 0, 2, 2, 0xAA, 0, 0, 0, 1]
        for tag in tags { frame += pair(tag) + [0, 100] }
        let (number, content) = content
        switch (source, destination) {
        case (.v4(let from), .v4(let to)):
            let place = (fragment.hasMore ? 0x2000 : 0) | fragment.offset
            frame += [8, 0, 0x45 + UInt8(options.count / 4), 0] + pair(UInt16(20 + options.count + content.count))
            frame += pair(identification) + pair(place) + [64, number, 0, 0]
            frame += pair(UInt16(from >> 16)) + pair(UInt16(truncatingIfNeeded: from))
            frame += pair(UInt16(to >> 16)) + pair(UInt16(truncatingIfNeeded: to)) + options
        default:
            frame += [0x86, 0xDD, 0x60, 0, 0, 0] + pair(UInt16(content.count)) + [number, 64]
            frame += wide(source) + wide(destination)
        }
        return frame + content + [UInt8](repeating: 0xEE, count: padding)
    }

    private func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)] }

    private func wide(_ address: IPAddress) -> [UInt8] {
        let address = MapAddress(address)
        return [address.word.0, address.word.1, address.word.2, address.word.3].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
    }
}
