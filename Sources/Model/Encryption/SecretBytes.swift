internal import CSecrets

/// Overwrites the bytes of an array with zeros, so that nothing of them stays in memory. Copies of the array that others
/// hold keep theirs.
public func wipe(_ bytes: inout [UInt8]) {
    // In bounds: the array's own bytes.
    unsafe bytes.withUnsafeMutableBytes { unsafe cs_wipe($0.baseAddress, $0.count) }
}

/// Bytes that are overwritten with zeros when their last holder lets them go. A class, because what is secret must not be
/// copied with the value that has it.
@safe
final class SecretBytes: @unchecked Sendable {
    // Sendable: the bytes are not written between `init` and `deinit`.
    private let storage: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        // In bounds: as many bytes as there is room for.
        unsafe storage.copyBytes(from: bytes)
        unsafe self.storage = unsafe storage
    }

    deinit {
        // In bounds: what was allocated.
        unsafe cs_wipe(storage.baseAddress, storage.count)
        unsafe storage.deallocate()
    }

    var count: Int { unsafe storage.count }

    /// A copy, which is its holder's to wipe.
    var copy: [UInt8] { unsafe Array(storage) }
}

extension SecretBytes: Hashable {
    static func == (a: SecretBytes, b: SecretBytes) -> Bool {
        // In bounds: both lived when they were given.
        if a === b { return true }
        return unsafe a.storage.elementsEqual(b.storage)
    }

    func hash(into hasher: inout Hasher) {
        // In bounds: what was allocated.
        unsafe hasher.combine(bytes: UnsafeRawBufferPointer(storage))
    }
}
