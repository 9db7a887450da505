/// The bytes of a layout, in memory order.
public func layoutBytes<Layout: BitwiseCopyable>(of value: Layout) -> [UInt8] {
    // In bounds: the buffer covers exactly the value.
    unsafe withUnsafeBytes(of: value) { unsafe Array($0) }
}

/// The layout that the bytes hold, nil when the count is not the layout's size.
public func layout<Layout: BitwiseCopyable>(_ type: Layout.Type, from bytes: [UInt8]) -> Layout? {
    guard bytes.count == MemoryLayout<Layout>.size else { return nil }
    // In bounds: the count is checked above; loadUnaligned needs no alignment.
    return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Layout.self) }
}

/// Whether two layouts hold the same bytes; padding, which is always zero here, counts.
public func sameBytes<Layout: BitwiseCopyable>(_ a: Layout, _ b: Layout) -> Bool {
    // In bounds: each buffer covers exactly its value.
    unsafe withUnsafeBytes(of: a) { a in
        unsafe withUnsafeBytes(of: b) { b in unsafe a.elementsEqual(b) }
    }
}
