internal import CBPF
import Glibc

extension Dataplane {
    /// Takes our programs out of maps that somebody else may hold too, such as upstream's that were adopted: sk_msg of
    /// the sockets' map, and the slots of the prog arrays.
    static func leaveSharedMaps(of pins: PinDirectory) throws(LoadError) {
        if let sockets = try pins.open("km_socket") {
            var (ids, count) = ([UInt32](repeating: 0, count: 1), UInt32(1))
            var flags: UInt32 = 0
            // In bounds: there is room for one program, and a map of sockets has no more of a kind.
            let status = sockets.withRaw { unsafe bpf_prog_query($0, BPF_SK_MSG_VERDICT, 0, &flags, &ids, &count) }
            if status == 0, count == 1, let program = try ourProgram(ids[0], [.skMsg]) {
                _ = program.withRaw { program in
                    sockets.withRaw { bpf_prog_detach2(program, $0, BPF_SK_MSG_VERDICT) }
                }
            }
        }
        for program in HookProgram.allCases {
            guard let (name, number) = program.tailCall, let array = try pins.open(name) else { continue }
            var (slot, id) = (number, UInt32(0))
            // In bounds: slots and program numbers have four bytes, as the map's keys and values.
            guard array.withRaw({ unsafe bpf_map_lookup_elem($0, &slot, &id) }) == 0,
                try ourProgram(id, [program]) != nil
            else { continue }
            _ = array.withRaw { unsafe bpf_map_delete_elem($0, &slot) }
        }
    }

    /// Opens a program by its number, nil when it is gone or has none of our names.
    static func ourProgram(_ id: UInt32, _ candidates: [HookProgram]) throws(LoadError) -> Descriptor? {
        let raw = bpf_prog_get_fd_by_id(id)
        guard raw >= 0 else { return nil }
        let descriptor = Descriptor(adopting: raw)
        var information = bpf_prog_info()
        var size = UInt32(MemoryLayout<bpf_prog_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = unsafe bpf_obj_get_info_by_fd(raw, &information, &size)
        guard status == 0 else { throw .kernel(KernelError("look at", "program \(id)", errno: -status)) }
        // In bounds: the name is sixteen bytes of the structure.
        let name = unsafe withUnsafeBytes(of: information.name) { unsafe Array($0.prefix { $0 != 0 }) }
        let text = String(decoding: name, as: UTF8.self)
        guard candidates.contains(where: { $0.rawValue == text }) else { return nil }
        return consume descriptor
    }
}
