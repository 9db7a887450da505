import Glibc

extension Descriptor {
    /// Everything from the file's start to its end.
    /// - Throws: an error that calls the file `name`.
    borrowing func contents(named name: String) throws(KernelError) -> [UInt8] {
        try withRaw { raw throws(KernelError) in
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                // In bounds: pread writes at most the chunk's size.
                let count = unsafe chunk.withUnsafeMutableBytes {
                    unsafe pread(raw, $0.baseAddress, $0.count, bytes.count)
                }
                if count == 0 { return bytes }
                if count > 0 {
                    bytes += chunk.prefix(count)
                } else if errno != EINTR {
                    throw .last("read", name)
                }
            }
        }
    }

    /// Writes all of `bytes` at an offset of the file.
    /// - Throws: an error that calls the file `name`; a part may be written then.
    borrowing func write(_ bytes: [UInt8], at offset: Int, named name: String) throws(KernelError) {
        try withRaw { raw throws(KernelError) in
            var written = 0
            while written < bytes.count {
                // In bounds: `written` is less than the count, and the rest is what remains after it.
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe pwrite(raw, $0.baseAddress?.advanced(by: written), $0.count - written, offset + written)
                }
                if count >= 0 {
                    written += count
                } else if errno != EINTR {
                    throw .last("write", name)
                }
            }
        }
    }

    /// Waits until what was written is on the disk.
    borrowing func synchronize(named name: String) throws(KernelError) {
        try withRaw { raw throws(KernelError) in
            guard fsync(raw) == 0 else { throw .last("write to the disk", name) }
        }
    }

    /// Cuts the file off after `byteCount` bytes.
    borrowing func truncate(to byteCount: Int, named name: String) throws(KernelError) {
        try withRaw { raw throws(KernelError) in
            guard ftruncate(raw, byteCount) == 0 else { throw .last("shorten", name) }
        }
    }
}
