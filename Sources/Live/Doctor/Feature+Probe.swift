internal import CBPF

extension Feature {
    /// Asks the kernel. Needs CAP_BPF and CAP_NET_ADMIN: without them libbpf's answers mean nothing.
    func probe() -> Answer {
        switch self {
        case .program(let type): Self.answer(libbpf_probe_bpf_prog_type(type.kernelType, nil))
        case .map(let type): Self.answer(libbpf_probe_bpf_map_type(type.kernelType, nil))
        case .helper(let helper, let type): Self.probe(helper, in: type)
        }
    }

    private static func answer(_ status: CInt) -> Answer {
        status > 0 ? .present : status == 0 ? .absent : .untold(-status)
    }

    /// Loads a program that calls the helper without arguments, and reads what the verifier has against it.
    ///
    /// libbpf's own probe (1.1) does not know the wording of newer kernels, and takes every helper for present.
    private static func probe(_ helper: Helper, in type: ProgramType) -> Answer {
        var call = bpf_insn()
        call.code = UInt8(BPF_JMP | BPF_CALL)
        call.imm = Int32(bitPattern: helper.kernelID.rawValue)
        var end = bpf_insn()
        end.code = UInt8(BPF_JMP | BPF_EXIT)
        var log = [CChar](repeating: 0, count: 4096)
        let logSize = UInt32(log.count)
        // In bounds: the kernel writes at most `log_size` bytes, and both buffers live until the call returns.
        let status = unsafe log.withUnsafeMutableBufferPointer { buffer in
            var options = unsafe bpf_prog_load_opts()
            unsafe options.sz = MemoryLayout<bpf_prog_load_opts>.size
            unsafe options.expected_attach_type = type.kernelAttachType
            unsafe options.log_buf = buffer.baseAddress
            unsafe options.log_size = logSize
            unsafe options.log_level = 1
            return unsafe bpf_prog_load(type.kernelType, nil, "GPL", [call, end], 2, &options)
        }
        if status >= 0 {
            _ = Descriptor(adopting: status)
            return .present
        }
        let message = log.prefix { $0 != 0 }
        return answer(
            forLog: String(decoding: message.map { UInt8(bitPattern: $0) }, as: UTF8.self), errno: -status)
    }

    /// What the verifier's log about a call without arguments says of the helper. Source: check_helper_call() in
    /// kernel/bpf/verifier.c, older and newer wordings.
    static func answer(forLog log: String, errno: CInt) -> Answer {
        guard !log.isEmpty else { return .untold(errno) }
        let refusals = ["unknown func ", "invalid func ", "cannot use helper "]
        return refusals.contains { log.contains($0) } ? .absent : .present
    }
}
