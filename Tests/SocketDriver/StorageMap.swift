import CBPF
import Glibc

/// The pinned map with the storage of sockets. It stays open to the end.
struct StorageMap {
    private let descriptor: CInt
    private let valueByteCount: Int

    init(path: String) throws(Failure) {
        // The path ends with a zero, which Swift provides.
        descriptor = unsafe bpf_obj_get(path)
        if descriptor < 0 { throw Failure(errno) }
        var info = bpf_map_info()
        var byteCount = UInt32(MemoryLayout<bpf_map_info>.size)
        // In bounds: the kernel gets the size of the struct that it fills.
        let status = unsafe bpf_obj_get_info_by_fd(descriptor, &info, &byteCount)
        if status != 0 { throw Failure(errno) }
        guard info.type == BPF_MAP_TYPE_SK_STORAGE.rawValue else { throw Failure(EINVAL) }
        valueByteCount = Int(info.value_size)
    }

    /// nil when nothing is stored.
    func storage(of socket: CInt) throws(Failure) -> [UInt8]? {
        var key = socket
        var value = [UInt8](repeating: 0, count: valueByteCount)
        // In bounds: the key of such a map is a descriptor, the value's size is the map's.
        let status = unsafe value.withUnsafeMutableBytes { buffer in
            unsafe bpf_map_lookup_elem(descriptor, &key, buffer.baseAddress)
        }
        if status == 0 { return value }
        if errno == ENOENT { return nil }
        throw Failure(errno)
    }

    /// - Throws: EINVAL for another count of bytes than the map's.
    func setStorage(of socket: CInt, to value: [UInt8]) throws(Failure) {
        guard value.count == valueByteCount else { throw Failure(EINVAL) }
        var key = socket
        // In bounds: the key of such a map is a descriptor, the value's size was compared.
        let status = unsafe value.withUnsafeBytes { buffer in
            unsafe bpf_map_update_elem(descriptor, &key, buffer.baseAddress, UInt64(BPF_ANY))
        }
        if status != 0 { throw Failure(errno) }
    }
}
