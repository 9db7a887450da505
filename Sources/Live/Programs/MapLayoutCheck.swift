internal import CBPF
import Glibc

/// Compares a map in the kernel with what the programs expect: type, sizes, and by their BTF where the members of key
/// and value are.
struct MapLayoutCheck {
    /// A type of BTF by the places of its members; a type without members is one member.
    struct Shape: Hashable {
        struct Member: Hashable {
            var bitOffset: UInt32
            var byteCount: Int
        }

        var byteCount: Int
        var members: Set<Member>
    }

    /// Why the map behind `raw` cannot be used in the place of `map`, which `expected` describes; nil when it can.
    static func difference(
        of raw: CInt, from map: OpaquePointer, in expected: OpaquePointer?
    ) throws(LoadError) -> String? {
        var information = bpf_map_info()
        var size = UInt32(MemoryLayout<bpf_map_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = unsafe bpf_obj_get_info_by_fd(raw, &information, &size)
        guard status == 0 else { throw .kernel(KernelError("look at", "a map", errno: -status)) }
        let type = unsafe bpf_map__type(map).rawValue
        guard information.type == type else { return "its type is \(information.type), not \(type)" }
        let keySize = unsafe bpf_map__key_size(map)
        guard information.key_size == keySize else {
            return "its keys have \(information.key_size) bytes, not \(keySize)"
        }
        let valueSize = unsafe bpf_map__value_size(map)
        guard information.value_size == valueSize else {
            return "its values have \(information.value_size) bytes, not \(valueSize)"
        }
        guard information.btf_id != 0 else { return nil }
        guard let found = unsafe btf__load_from_kernel_by_id(information.btf_id) else {
            throw .kernel(.last("read the BTF of", "a map"))
        }
        defer { unsafe btf__free(found) }
        guard let expected = unsafe expected else { return nil }
        let ids = unsafe [
            ("keys", information.btf_key_type_id, bpf_map__btf_key_type_id(map)),
            ("values", information.btf_value_type_id, bpf_map__btf_value_type_id(map)),
        ]
        for (what, foundID, expectedID) in ids where foundID != 0 && expectedID != 0 {
            if unsafe shape(of: foundID, in: found) != shape(of: expectedID, in: expected) {
                return "the members of its \(what) are in other places"
            }
        }
        return nil
    }

    /// The shape of a type; typedefs and qualifiers do not count, nor how deep structures are nested.
    private static func shape(of id: UInt32, in btf: OpaquePointer) -> Shape {
        var members: Set<Shape.Member> = []
        unsafe collect(id, in: btf, at: 0, into: &members)
        return unsafe Shape(byteCount: Int(btf__resolve_size(btf, id)), members: members)
    }

    private static func collect(
        _ id: UInt32, in btf: OpaquePointer, at bitOffset: UInt32, into members: inout Set<Shape.Member>
    ) {
        let resolved = unsafe btf__resolve_type(btf, id)
        guard resolved >= 0, let type = unsafe btf__type_by_id(btf, UInt32(resolved)) else { return }
        let byteCount = unsafe Int(btf__resolve_size(btf, UInt32(resolved)))
        // A union's members overlap, and who wrote it may have named some only: it counts as a whole, as arrays do.
        guard unsafe btf_kind(type) == BTF_KIND_STRUCT else {
            members.insert(Shape.Member(bitOffset: bitOffset, byteCount: byteCount))
            return
        }
        let count = unsafe Int(btf_vlen(type))
        guard let list = unsafe btf_members(type) else { return }
        // In bounds: `count` members follow the type.
        for index in 0..<count {
            // Named padding is none where the compiler makes it, nor is what lies in upstream's.
            if unsafe isPadding(btf__name_by_offset(btf, list[index].name_off)) { continue }
            let place = unsafe bitOffset + btf_member_bit_offset(type, UInt32(index))
            unsafe collect(list[index].type, in: btf, at: place, into: &members)
        }
    }

    private static func isPadding(_ name: UnsafePointer<CChar>?) -> Bool {
        // The name lives as long as the BTF and ends with a zero.
        guard let name = unsafe name else { return false }
        return ["pad", "tail_pad", "fin_wait2_received"].contains(unsafe String(cString: name))
    }
}
