import CBPF
import CLinux
import Glibc
import Live

/// A program of another owner at an interface, for packets on their way in: it adds a bit to their marks and leaves them
/// to the next.
final class ForeignFilter: Sendable {
    private let program: Descriptor
    private let link: Descriptor?

    /// Where it is.
    enum Place {
        case tcx
        case clsact(priority: UInt32, handle: UInt32)
    }

    /// - Parameter bit: Of the mark.
    init(_ place: Place, at interface: UInt32, bit: UInt32) throws {
        let instructions = [
            bpf_insn(code: 0x61, dst_reg: 2, src_reg: 1, off: 8, imm: 0),  // r2 = mark
            bpf_insn(code: 0x47, dst_reg: 2, src_reg: 0, off: 0, imm: Int32(bitPattern: bit)),
            bpf_insn(code: 0x63, dst_reg: 1, src_reg: 2, off: 8, imm: 0),
            bpf_insn(code: 0xb7, dst_reg: 0, src_reg: 0, off: 0, imm: -1),  // TC_ACT_UNSPEC
            bpf_insn(code: 0x95, dst_reg: 0, src_reg: 0, off: 0, imm: 0),
        ]
        // In bounds: the count is the array's; the texts end with zeros, which Swift provides.
        let raw = unsafe bpf_prog_load(
            BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", instructions, instructions.count, nil)
        guard raw >= 0 else { throw KernelError("load", "a foreign program", errno: -raw) }
        let program = Descriptor(adopting: raw)
        switch place {
        case .tcx:
            let link = km_link_tcx(interface, raw)
            guard link >= 0 else { throw KernelError("attach", "a foreign program", errno: -link) }
            self.link = .some(Descriptor(adopting: link))
        case .clsact(let priority, let handle):
            var hook = bpf_tc_hook()
            // Without the padding behind the last member.
            hook.sz = MemoryLayout<bpf_tc_hook>.size - 4
            hook.ifindex = CInt(interface)
            hook.attach_point = BPF_TC_INGRESS
            // In bounds: libbpf reads the structures by their sizes.
            let made = unsafe bpf_tc_hook_create(&hook)
            guard made == 0 || made == -EEXIST else { throw KernelError("make", "a qdisc", errno: -made) }
            var options = bpf_tc_opts()
            options.sz = MemoryLayout<bpf_tc_opts>.size - 4
            (options.priority, options.handle, options.prog_fd) = (priority, handle, raw)
            let status = unsafe bpf_tc_attach(&hook, &options)
            guard status == 0 else { throw KernelError("attach", "a foreign program", errno: -status) }
            self.link = nil
        }
        self.program = program
    }
}
