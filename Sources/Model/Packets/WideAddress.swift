/// An address in 128 bits, for tables of packets: an IPv4 address stands in the low 32. What family it is of is known
/// beside it.
@frozen
public struct WideAddress: Hashable, Sendable, BitwiseCopyable {
    public var high: UInt64
    public var low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable
    public init(_ address: IPAddress) {
        switch address {
        case .v4(let bits): self.init(high: 0, low: UInt64(bits))
        case .v6(let high, let low): self.init(high: high, low: low)
        }
    }

    @inlinable
    public func address(_ family: AddressFamily) -> IPAddress {
        family == .v4 ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high: high, low: low)
    }
}
