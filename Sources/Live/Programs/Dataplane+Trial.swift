internal import CBPF
import Glibc
import Model

extension Dataplane {
    /// What a program did with a frame that no interface received.
    package struct Trial: Hashable, Sendable {
        package var isPassed: Bool
        /// The frame afterwards.
        package var bytes: [UInt8]
        /// A run, on the average of them.
        package var nanoseconds: UInt32
    }

    /// Hands a frame to km_xdp_ingress (BPF_PROG_TEST_RUN): for tests and benchmarks.
    /// - Parameters:
    ///   - frame: At least a whole Ethernet header.
    ///   - repeatCount: How often the program gets it.
    package borrowing func tryIngress(_ frame: [UInt8], repeatCount: Int32 = 1) throws(LoadError) -> Trial {
        var output = [UInt8](repeating: 0, count: frame.count)
        var options = unsafe bpf_test_run_opts()
        unsafe options.sz = MemoryLayout<bpf_test_run_opts>.size
        unsafe options.repeat = repeatCount
        let status = try object.withProgram(.xdpIngress) { (program) throws(LoadError) in
            // In bounds: the sizes are the arrays'.
            unsafe frame.withUnsafeBytes { input in
                unsafe output.withUnsafeMutableBytes { output in
                    unsafe options.data_in = UnsafeRawPointer(input.baseAddress)
                    unsafe options.data_size_in = UInt32(input.count)
                    unsafe options.data_out = UnsafeMutableRawPointer(output.baseAddress)
                    unsafe options.data_size_out = UInt32(output.count)
                    return unsafe bpf_prog_test_run_opts(program, &options)
                }
            }
        }
        guard let status, status == 0 else {
            throw .kernel(KernelError("run", HookProgram.xdpIngress.rawValue, errno: -(status ?? -ENOENT)))
        }
        return unsafe Trial(
            isPassed: options.retval == XDP_PASS.rawValue, bytes: output, nanoseconds: options.duration)
    }

    /// What a program at an interface did with a packet that no interface received.
    package struct InterfaceTrial: Hashable, Sendable {
        /// TC_ACT_OK and so on, of linux/pkt_cls.h.
        package var code: Int32
        package var mark: PacketMark
        package var bytes: [UInt8]
        /// A run, on the average of them.
        package var nanoseconds: UInt32
    }

    /// Hands a frame to km_tc_pod or km_tc_uplink (BPF_PROG_TEST_RUN): for tests and benchmarks.
    /// - Parameter frame: At least a whole Ethernet header.
    package borrowing func tryInterface(
        _ place: TCAttachment.Place, _ frame: [UInt8], mark: PacketMark, repeatCount: Int32 = 1
    ) throws(LoadError) -> InterfaceTrial {
        var output = [UInt8](repeating: 0, count: frame.count + 256)
        var packet = unsafe __sk_buff()
        unsafe packet.mark = mark.rawValue
        var options = unsafe bpf_test_run_opts()
        unsafe options.sz = MemoryLayout<bpf_test_run_opts>.size
        unsafe options.repeat = repeatCount
        let size = UInt32(unsafe MemoryLayout<__sk_buff>.size)
        let status = try object.withProgram(place.program) { (program) throws(LoadError) in
            // In bounds: the sizes are the arrays' and the structure's.
            unsafe frame.withUnsafeBytes { input in
                unsafe output.withUnsafeMutableBytes { output in
                    unsafe withUnsafeMutableBytes(of: &packet) { packet in
                        unsafe options.data_in = UnsafeRawPointer(input.baseAddress)
                        unsafe options.data_size_in = UInt32(input.count)
                        unsafe options.data_out = UnsafeMutableRawPointer(output.baseAddress)
                        unsafe options.data_size_out = UInt32(output.count)
                        unsafe options.ctx_in = UnsafeRawPointer(packet.baseAddress)
                        unsafe options.ctx_size_in = size
                        unsafe options.ctx_out = UnsafeMutableRawPointer(packet.baseAddress)
                        unsafe options.ctx_size_out = size
                        return unsafe bpf_prog_test_run_opts(program, &options)
                    }
                }
            }
        }
        guard let status, status == 0 else {
            throw .kernel(KernelError("run", place.program.rawValue, errno: -(status ?? -ENOENT)))
        }
        return unsafe InterfaceTrial(
            code: Int32(bitPattern: options.retval), mark: PacketMark(rawValue: packet.mark),
            bytes: Array(output.prefix(Int(options.data_size_out))), nanoseconds: options.duration)
    }
}
