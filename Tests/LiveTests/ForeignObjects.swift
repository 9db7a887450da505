import CBPF
import Glibc
import Live

// Objects in the kernel that others made.

/// The layout that a map's BTF tells of its values.
enum ForeignBTF: Sendable {
    /// As upstream writes it: other names, members in the same places.
    case sameShape
    /// Two halves in the place of a number.
    case otherShape
}

/// Makes a hash map as another daemon would, and pins it.
/// - Parameter btf: Of km_frontend; nil for a map without.
func pinForeignMap(
    _ name: String, keySize: UInt32, valueSize: UInt32, btf: ForeignBTF? = nil, at path: String
) throws {
    var options = bpf_map_create_opts()
    options.sz = MemoryLayout<bpf_map_create_opts>.size
    options.map_flags = UInt32(BPF_F_NO_PREALLOC)
    let types = try btf.map { try FrontendTypes($0) }
    if let types {
        options.btf_fd = UInt32(types.descriptor)
        (options.btf_key_type_id, options.btf_value_type_id) = (types.key, types.value)
    }
    // The structure and the text live for the length of the call.
    let raw = unsafe bpf_map_create(BPF_MAP_TYPE_HASH, name, keySize, valueSize, 64, &options)
    // The types' descriptor is open until here.
    withExtendedLifetime(types) {}
    guard raw >= 0 else { throw KernelError("make", name, errno: -raw) }
    defer { close(raw) }
    let status = unsafe bpf_obj_pin(raw, path)
    guard status == 0 else { throw KernelError("pin", path, errno: -status) }
}

/// Types of km_frontend with names of another author. Safe, because the BTF lives exactly as long as this object.
@safe private final class FrontendTypes {
    private let btf: OpaquePointer
    let key: UInt32
    let value: UInt32

    var descriptor: CInt { unsafe btf__fd(btf) }

    init(_ shape: ForeignBTF) throws {
        guard let btf = unsafe btf__new_empty() else { throw KernelError.last("make", "BTF") }
        let number = unsafe btf__add_int(btf, "unsigned int", 4, 0)
        let half = unsafe btf__add_int(btf, "unsigned short", 2, 0)
        let words = unsafe btf__add_array(btf, number, number, 4)
        let key = UInt32(unsafe btf__add_struct(btf, "address_key", 16))
        unsafe btf__add_field(btf, "ip6", words, 0, 0)
        let value = UInt32(unsafe btf__add_struct(btf, "upstream_value", 4))
        switch shape {
        case .sameShape: unsafe btf__add_field(btf, "id", number, 0, 0)
        case .otherShape:
            unsafe btf__add_field(btf, "low", half, 0, 0)
            unsafe btf__add_field(btf, "high", half, 16, 0)
        }
        let status = unsafe btf__load_into_kernel(btf)
        guard status == 0 else {
            unsafe btf__free(btf)
            throw KernelError("load", "BTF", errno: -status)
        }
        unsafe self.btf = unsafe btf
        (self.key, self.value) = (key, value)
    }

    deinit { unsafe btf__free(btf) }
}

/// A program of another owner, attached to a cgroup as long as this value lives: it lets everything pass.
struct ForeignProgram: ~Copyable {
    private let program: Descriptor
    private let link: Descriptor
    let id: UInt32

    init(connectingIn cgroup: String) throws {
        // r0 = 1; exit
        let instructions = [
            bpf_insn(code: 0xb7, dst_reg: 0, src_reg: 0, off: 0, imm: 1),
            bpf_insn(code: 0x95, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
        ]
        var options = unsafe bpf_prog_load_opts()
        unsafe options.sz = MemoryLayout<bpf_prog_load_opts>.size
        unsafe options.expected_attach_type = BPF_CGROUP_INET4_CONNECT
        // In bounds: the count is the array's; the texts end with zeros, which Swift provides.
        let raw = unsafe bpf_prog_load(
            BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "foreign", "GPL", instructions, instructions.count, &options)
        guard raw >= 0 else { throw KernelError("load", "a foreign program", errno: -raw) }
        let program = Descriptor(adopting: raw)
        let directory = unsafe open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(directory) }
        let link = bpf_link_create(raw, directory, BPF_CGROUP_INET4_CONNECT, nil)
        guard link >= 0 else { throw KernelError("attach", "a foreign program", errno: -link) }
        var information = bpf_prog_info()
        var size = UInt32(MemoryLayout<bpf_prog_info>.size)
        // In bounds: the kernel fills at most `size` bytes.
        _ = unsafe bpf_obj_get_info_by_fd(raw, &information, &size)
        id = information.id
        self.program = program
        self.link = Descriptor(adopting: link)
    }
}
