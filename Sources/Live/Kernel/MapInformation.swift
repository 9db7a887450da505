internal import CBPF

/// What the kernel tells of a map.
struct MapInformation {
    /// The kernel's number of the map.
    var id: UInt32
    var capacity: Int

    init(of raw: CInt, name: String) throws(LoadError) {
        var information = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = unsafe bpf_obj_get_info_by_fd(raw, &information, &size)
        guard status == 0 else { throw .kernel(KernelError("look at", name, errno: -status)) }
        id = information.id
        capacity = Int(information.max_entries)
    }
}
