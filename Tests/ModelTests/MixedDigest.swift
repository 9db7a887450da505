/// A digest that is none, but tells inputs apart: what stands for SHA-512 where no packet is encrypted.
func mixed(_ bytes: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return (0..<64).map { UInt8(truncatingIfNeeded: (hash &* (2 * UInt64($0) + 1)) >> 56) }
}
