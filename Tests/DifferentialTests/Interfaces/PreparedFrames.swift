import CBPF
import Glibc
import Model

@testable import Live

/// Hands the programs frames that a trial (BPF_PROG_TEST_RUN) cannot make: shorter than an IP header, or with a VLAN tag
/// that was taken out of the frame. A program makes them of others and goes on in ours. Also frames of which only the
/// Ethernet header lies in the linear part of the buffer.
struct PreparedFrames: ~Copyable {
    private static let shortest = 128
    /// Places in struct __sk_buff, in numbers of 32 bits.
    private static let (markAt, lengthAt, tagAt, linearEndAt) = (2, 12, 13, 20)

    private let array: Descriptor
    private let preparer: Descriptor

    init(before program: CInt) throws(LoadError) {
        // The text ends with a zero, which Swift provides.
        let array = unsafe bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "prepared", 4, 4, 1, nil)
        guard array >= 0 else { throw .kernel(KernelError("make", "a prog array", errno: -array)) }
        let owned = Descriptor(adopting: array)
        let instructions = [
            bpf_insn(code: 0xbf, dst_reg: 6, src_reg: 1, off: 0, imm: 0),  // r6 = r1
            bpf_insn(code: 0x61, dst_reg: 2, src_reg: 1, off: Int16(4 * Self.lengthAt), imm: 0),  // r2 = cb[0]
            bpf_insn(code: 0xb7, dst_reg: 3, src_reg: 0, off: 0, imm: 0),
            bpf_insn(code: 0x85, dst_reg: 0, src_reg: 0, off: 0, imm: Int32(BPF_FUNC_skb_change_tail.rawValue)),
            bpf_insn(code: 0x61, dst_reg: 2, src_reg: 6, off: Int16(4 * Self.tagAt), imm: 0),  // r2 = cb[1]
            bpf_insn(code: 0x15, dst_reg: 2, src_reg: 0, off: 3, imm: 0),  // none: over the next three
            bpf_insn(code: 0xbf, dst_reg: 1, src_reg: 6, off: 0, imm: 0),
            bpf_insn(code: 0xb7, dst_reg: 3, src_reg: 0, off: 0, imm: 1),
            bpf_insn(code: 0x85, dst_reg: 0, src_reg: 0, off: 0, imm: Int32(BPF_FUNC_skb_vlan_push.rawValue)),
            bpf_insn(code: 0xbf, dst_reg: 1, src_reg: 6, off: 0, imm: 0),
            bpf_insn(code: 0x18, dst_reg: 2, src_reg: 1, off: 0, imm: array),  // the map, by its descriptor
            bpf_insn(code: 0, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
            bpf_insn(code: 0xb7, dst_reg: 3, src_reg: 0, off: 0, imm: 0),
            bpf_insn(code: 0x85, dst_reg: 0, src_reg: 0, off: 0, imm: Int32(BPF_FUNC_tail_call.rawValue)),
            bpf_insn(code: 0xb7, dst_reg: 0, src_reg: 0, off: 0, imm: 99),
            bpf_insn(code: 0x95, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
        ]
        // In bounds: the count is the array's.
        let preparer = unsafe bpf_prog_load(
            BPF_PROG_TYPE_SCHED_CLS, "prepare", "GPL", instructions, instructions.count, nil)
        guard preparer >= 0 else { throw .kernel(KernelError("load", "the preparing program", errno: -preparer)) }
        let ownedPreparer = Descriptor(adopting: preparer)
        var (slot, program) = (UInt32(0), program)
        // In bounds: slots and descriptors have four bytes, as the map's keys and values.
        let status = unsafe bpf_map_update_elem(array, &slot, &program, 0)
        guard status == 0 else { throw .kernel(KernelError("fill", "a prog array", errno: -status)) }
        self.array = owned
        self.preparer = ownedPreparer
    }

    /// - Parameters:
    ///   - tag: The EtherType of a tag beside the frame.
    ///   - isSplit: Whether the IP header is outside of the linear part; Linux 6.1 refuses that.
    /// - Returns: what the program returned, the mark and the frame afterwards.
    borrowing func run(
        _ frame: [UInt8], tag: EtherType?, isSplit: Bool, _ mark: PacketMark
    ) throws -> (code: Int, mark: PacketMark, frame: [UInt8]) {
        let input = frame + [UInt8](repeating: 0, count: max(0, Self.shortest - frame.count))
        var output = [UInt8](repeating: 0, count: input.count)
        let size = unsafe MemoryLayout<__sk_buff>.size
        var context = [UInt32](repeating: 0, count: size / 4)
        context[Self.markAt] = mark.rawValue
        context[Self.lengthAt] = UInt32(frame.count)
        context[Self.linearEndAt] = isSplit ? UInt32(EthernetHeader.untaggedByteCount) : 0
        context[Self.tagAt] = tag.map { UInt32($0.rawValue.bigEndian) } ?? 0
        var options = unsafe bpf_test_run_opts()
        unsafe options.sz = MemoryLayout<bpf_test_run_opts>.size
        let status = preparer.withRaw { program in
            // In bounds: the sizes are the arrays'.
            unsafe input.withUnsafeBytes { input in
                unsafe output.withUnsafeMutableBytes { output in
                    unsafe context.withUnsafeMutableBytes { context in
                        unsafe options.data_in = UnsafeRawPointer(input.baseAddress)
                        unsafe options.data_size_in = UInt32(input.count)
                        unsafe options.data_out = UnsafeMutableRawPointer(output.baseAddress)
                        unsafe options.data_size_out = UInt32(output.count)
                        unsafe options.ctx_in = UnsafeRawPointer(context.baseAddress)
                        unsafe options.ctx_size_in = UInt32(size)
                        unsafe options.ctx_out = UnsafeMutableRawPointer(context.baseAddress)
                        unsafe options.ctx_size_out = UInt32(size)
                        return unsafe bpf_prog_test_run_opts(program, &options)
                    }
                }
            }
        }
        guard status == 0 else { throw KernelError("run", "the preparing program", errno: -status) }
        let length = Int(unsafe options.data_size_out)
        return (
            Int(Int32(bitPattern: unsafe options.retval)), PacketMark(rawValue: context[Self.markAt]),
            Array(output.prefix(length))
        )
    }
}
