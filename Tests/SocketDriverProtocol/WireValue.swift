public import Model

/// A message ends early, or holds a value that its type does not have. One side has another version than the other.
public struct WireError: Error, Hashable, Sendable {}

/// What a message is made of. Integers are little-endian; lists and texts begin with their count (u32), optional
/// values with 0 or 1.
public protocol WireValue: Sendable {
    init(from reader: inout WireReader) throws(WireError)
    func write(to writer: inout WireWriter)
}

/// Takes values from the front of a message.
public struct WireReader: Sendable {
    private let bytes: [UInt8]
    private var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// How many bytes are left.
    public var remainingCount: Int { bytes.count - position }

    /// - Throws: if fewer than `count` bytes are left.
    public mutating func take(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
        guard count <= remainingCount else { throw WireError() }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// The next value, whose type the place tells.
    public mutating func read<Value: WireValue>() throws(WireError) -> Value { try Value(from: &self) }
}

/// Puts a message together.
public struct WireWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func append(_ new: some Sequence<UInt8>) { bytes.append(contentsOf: new) }

    public mutating func write(_ value: some WireValue) { value.write(to: &self) }
}

extension WireValue where Self: FixedWidthInteger & BitwiseCopyable {
    public init(from reader: inout WireReader) throws(WireError) {
        let bytes = try reader.take(MemoryLayout<Self>.size)
        // In bounds: as many bytes as the integer has.
        self = unsafe Self(littleEndian: bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Self.self) })
    }

    public func write(to writer: inout WireWriter) {
        // The bytes of one integer.
        unsafe withUnsafeBytes(of: littleEndian) { unsafe writer.append($0) }
    }
}

extension UInt8: WireValue {}
extension UInt16: WireValue {}
extension UInt32: WireValue {}
extension UInt64: WireValue {}
extension Int32: WireValue {}

extension Bool: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let byte: UInt8 = try reader.read()
        guard byte < 2 else { throw WireError() }
        self = byte == 1
    }

    public func write(to writer: inout WireWriter) { writer.write(UInt8(self ? 1 : 0)) }
}

extension String: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let bytes: [UInt8] = try reader.read()
        self.init(decoding: bytes, as: UTF8.self)
    }

    public func write(to writer: inout WireWriter) { writer.write(Array(utf8)) }
}

extension Optional: WireValue where Wrapped: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let isPresent: Bool = try reader.read()
        self = isPresent ? .some(try reader.read()) : nil
    }

    public func write(to writer: inout WireWriter) {
        writer.write(self != nil)
        if let self { writer.write(self) }
    }
}

extension Array: WireValue where Element: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let count: UInt32 = try reader.read()
        self = []
        if Element.self == UInt8.self {
            self = [UInt8](try reader.take(Int(count))) as? Self ?? []
            return
        }
        for _ in 0..<count { append(try reader.read()) }
    }

    public func write(to writer: inout WireWriter) {
        writer.write(UInt32(count))
        if let bytes = self as? [UInt8] {
            writer.append(bytes)
        } else {
            for element in self { writer.write(element) }
        }
    }
}

/// The number 4 or 6, the address as a number (u32) or its halves (u64 each), then the port.
extension SocketAddress: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        let version: UInt8 = try reader.read()
        switch version {
        case 4: self.init(.v4(try reader.read()), port: try reader.read())
        case 6: self.init(.v6(high: try reader.read(), low: try reader.read()), port: try reader.read())
        default: throw WireError()
        }
    }

    public func write(to writer: inout WireWriter) {
        switch address {
        case .v4(let bits):
            writer.write(UInt8(4))
            writer.write(bits)
        case .v6(let high, let low):
            writer.write(UInt8(6))
            writer.write(high)
            writer.write(low)
        }
        writer.write(port)
    }
}

extension AddressFamily: WireValue {}

extension WireValue where Self: RawRepresentable, RawValue: WireValue {
    public init(from reader: inout WireReader) throws(WireError) {
        guard let value = Self(rawValue: try reader.read()) else { throw WireError() }
        self = value
    }

    public func write(to writer: inout WireWriter) { writer.write(rawValue) }
}
