internal import CBPF
import Glibc
import Model

/// Which maps the programs in force look into.
enum LinkedMaps {
    /// The kernel keeps so many characters of a map's name (BPF_OBJ_NAME_LEN less its end).
    private static let nameLength = 15
    /// No program of ours uses more maps.
    private static let mostMaps = 64

    /// Whether a program that is attached looks into another map that follows the mesh than the one that is pinned by
    /// its name: an agent was killed while it put new maps in the place of old ones. To fill such pinned maps would show
    /// those programs half of each change.
    static func differ(from pins: PinDirectory) throws(LoadError) -> Bool {
        var pinned: [String: UInt32] = [:]
        for name in KernelMapName.inPrograms where name != .manage {
            guard let map = try pins.open(name.rawValue) else { continue }
            pinned[String(name.rawValue.prefix(nameLength))] = try map.withRaw { (raw) throws(LoadError) in
                try information(ofMap: raw).id
            }
        }
        for hook in HookProgram.attachmentOrder {
            guard let link = try pins.open(hook.linkName) else { continue }
            for id in try link.withRaw({ (raw) throws(LoadError) in try maps(ofLink: raw) }) {
                let raw = bpf_map_get_fd_by_id(id)
                // One that is gone was not looked into.
                guard raw >= 0 else { continue }
                let map = Descriptor(adopting: raw)
                let name = try map.withRaw { (raw) throws(LoadError) in try information(ofMap: raw).name }
                if let expected = pinned[name], expected != id { return true }
            }
        }
        return false
    }

    private static func information(ofMap raw: CInt) throws(LoadError) -> (id: UInt32, name: String) {
        var information = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = unsafe bpf_obj_get_info_by_fd(raw, &information, &size)
        guard status == 0 else { throw .kernel(KernelError("look at", "a map", errno: -status)) }
        let name = layoutBytes(of: information.name).prefix { $0 != 0 }
        return (information.id, String(decoding: name, as: UTF8.self))
    }

    /// The ids of the maps of a link's program; none when the program is gone.
    private static func maps(ofLink raw: CInt) throws(LoadError) -> [UInt32] {
        var link = bpf_link_info()
        var size = UInt32(MemoryLayout<bpf_link_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        var status = unsafe bpf_obj_get_info_by_fd(raw, &link, &size)
        guard status == 0 else { throw .kernel(KernelError("look at", "a link", errno: -status)) }
        let program = bpf_prog_get_fd_by_id(link.prog_id)
        if program == -ENOENT { return [] }
        guard program >= 0 else { throw .kernel(KernelError("open the program of", "a link", errno: -program)) }
        defer { close(program) }
        var ids = [UInt32](repeating: 0, count: mostMaps)
        var information = bpf_prog_info()
        size = UInt32(MemoryLayout<bpf_prog_info>.size)
        information.nr_map_ids = UInt32(mostMaps)
        // In bounds: the kernel fills at most `size` bytes of the structure, and as many ids as the array has.
        status = unsafe ids.withUnsafeMutableBufferPointer { buffer in
            information.map_ids = UInt64(UInt(bitPattern: buffer.baseAddress))
            return unsafe bpf_obj_get_info_by_fd(program, &information, &size)
        }
        guard status == 0 else { throw .kernel(KernelError("look at", "a program", errno: -status)) }
        return Array(ids.prefix(Int(information.nr_map_ids)))
    }
}
