internal import CBPF
import Glibc

/// A BPF map whose keys and values are C structs from `kernel_abi.h`.
public struct KernelMap<Key: BitwiseCopyable, Value: BitwiseCopyable>: ~Copyable {
    /// Entries moved in one call of the kernel; more at once is no faster.
    private static var batchCount: Int { 512 }

    public let name: String
    /// Most entries that the map takes.
    public let capacity: Int
    let descriptor: Descriptor

    /// Takes over a map whose layout was checked (`MapLayoutCheck`).
    init(name: String, capacity: Int, adopting descriptor: consuming Descriptor) {
        self.name = name
        self.capacity = capacity
        self.descriptor = descriptor
    }

    /// Inserts or replaces one entry.
    public borrowing func update(_ key: Key, to value: Value) throws(KernelError) {
        var (key, value) = (key, value)
        // In bounds: key and value have the sizes that the map was checked for.
        let status = descriptor.withRaw { unsafe bpf_map_update_elem($0, &key, &value, UInt64(BPF_ANY)) }
        guard status == 0 else { throw KernelError("update", name, errno: -status) }
    }

    /// Deletes one entry.
    /// - Returns: whether it was there.
    @discardableResult
    public borrowing func delete(_ key: Key) throws(KernelError) -> Bool {
        var key = key
        // In bounds: the key has the size that the map was checked for.
        let status = descriptor.withRaw { unsafe bpf_map_delete_elem($0, &key) }
        if status == -ENOENT { return false }
        guard status == 0 else { throw KernelError("delete from", name, errno: -status) }
        return true
    }

    /// The value of a key, nil when it is missing.
    public borrowing func lookup(_ key: Key) throws(KernelError) -> Value? {
        var key = key
        // In bounds: a whole value is zeroed for the kernel to fill.
        var value = zeroed(Value.self)
        let status = descriptor.withRaw { unsafe bpf_map_lookup_elem($0, &key, &value) }
        if status == -ENOENT { return nil }
        guard status == 0 else { throw KernelError("read", name, errno: -status) }
        return value
    }

    /// Inserts or replaces entries, many in one call.
    /// - Throws: with how many of the entries are in the map: those before the one that was refused.
    public borrowing func update(_ keys: [Key], to values: [Value]) throws(BatchError) {
        precondition(keys.count == values.count, "\(keys.count) keys and \(values.count) values")
        var done = 0
        while done < keys.count {
            var count = UInt32(min(keys.count - done, Self.batchCount))
            // In bounds: `count` entries follow index `done` in both arrays.
            let status = descriptor.withRaw { raw in
                unsafe keys.withUnsafeBufferPointer { keys in
                    unsafe values.withUnsafeBufferPointer { values in
                        unsafe bpf_map_update_batch(
                            raw, keys.baseAddress.map { unsafe $0 + done }, values.baseAddress.map { unsafe $0 + done },
                            &count, nil)
                    }
                }
            }
            guard status == 0 else {
                // The kernel counts what it applied before it gave up; for a fault of the call itself it counts nothing.
                let applied = status == -EFAULT ? 0 : Int(count)
                throw BatchError(error: KernelError("update", name, errno: -status), appliedCount: done + applied)
            }
            done += Int(count)
        }
    }

    /// Hands out every entry, some possibly twice or not at all when others write meanwhile.
    public borrowing func forEach(_ body: (Key, Value) -> Void) throws(KernelError) {
        var keys = [Key](repeating: zeroed(Key.self), count: Self.batchCount)
        var values = [Value](repeating: zeroed(Value.self), count: Self.batchCount)
        // The kernel's place in the map: of a hash map a bucket's number, 4 bytes.
        var (place, next): (UInt64, UInt64) = (0, 0)
        var isFirst = true
        var wanted = Self.batchCount
        while true {
            var count = UInt32(wanted)
            // In bounds: both arrays have room for `wanted` entries, the places for what the kernel writes.
            let status = descriptor.withRaw { raw in
                unsafe keys.withUnsafeMutableBufferPointer { keys in
                    unsafe values.withUnsafeMutableBufferPointer { values in
                        unsafe isFirst
                            ? bpf_map_lookup_batch(raw, nil, &next, keys.baseAddress, values.baseAddress, &count, nil)
                            : bpf_map_lookup_batch(
                                raw, &place, &next, keys.baseAddress, values.baseAddress, &count, nil)
                    }
                }
            }
            if status == -ENOSPC {
                // A bucket holds more than fits.
                wanted *= 2
                keys = [Key](repeating: zeroed(Key.self), count: wanted)
                values = [Value](repeating: zeroed(Value.self), count: wanted)
                continue
            }
            guard status == 0 || status == -ENOENT else { throw KernelError("read", name, errno: -status) }
            for index in 0..<Int(count) { body(keys[index], values[index]) }
            if status == -ENOENT { return }
            (place, isFirst) = (next, false)
        }
    }
}

/// A batch of writes that ended early.
public struct BatchError: Error, Hashable, Sendable {
    public var error: KernelError
    /// Writes of the batch that are done, from its beginning.
    public var appliedCount: Int
}

/// A value of zero bytes.
func zeroed<Value: BitwiseCopyable>(_ type: Value.Type) -> Value {
    // In bounds: the buffer is as large as the value, and any bits make a C struct.
    unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { buffer in
        unsafe UnsafeMutableRawBufferPointer(buffer).initializeMemory(as: UInt8.self, repeating: 0)
        return unsafe buffer[0]
    }
}
