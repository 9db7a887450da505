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
}
