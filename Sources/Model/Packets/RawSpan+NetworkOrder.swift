extension RawSpan {
    /// The byte at an offset. Traps beyond the end, as the next three do.
    @inlinable
    public func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "byte \(offset) of \(byteCount)")
        // In bounds: checked above.
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// Two bytes in network order.
    @inlinable
    public func network16(at offset: Int) -> UInt16 {
        precondition(offset >= 0 && offset <= byteCount - 2, "bytes \(offset)..<\(offset + 2) of \(byteCount)")
        // In bounds: checked above; the load needs no alignment.
        return unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self).bigEndian
    }

    /// Four bytes in network order.
    @inlinable
    public func network32(at offset: Int) -> UInt32 {
        precondition(offset >= 0 && offset <= byteCount - 4, "bytes \(offset)..<\(offset + 4) of \(byteCount)")
        // In bounds: checked above; the load needs no alignment.
        return unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian
    }

    /// Eight bytes in network order.
    @inlinable
    public func network64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= byteCount - 8, "bytes \(offset)..<\(offset + 8) of \(byteCount)")
        // In bounds: checked above; the load needs no alignment.
        return unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
    }
}
