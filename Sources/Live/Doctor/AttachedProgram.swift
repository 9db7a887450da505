internal import CBPF
import Glibc

/// A program that already acts on sockets of the cgroup, at one of the hooks that the agent uses.
struct AttachedProgram: Hashable, Sendable {
    /// Places of attachment, as bpftool names them.
    enum Place: String, Hashable, Sendable, CaseIterable {
        case connect4 = "cgroup_inet4_connect"
        case connect6 = "cgroup_inet6_connect"
        case sendmsg4 = "cgroup_udp4_sendmsg"
        case recvmsg4 = "cgroup_udp4_recvmsg"
        case sockOps = "cgroup_sock_ops"
        case ingress = "cgroup_inet_ingress"
        case egress = "cgroup_inet_egress"

        /// Whether programs there decide where a connection goes.
        var rewritesAddresses: Bool {
            switch self {
            case .connect4, .connect6, .sendmsg4, .recvmsg4: true
            case .sockOps, .ingress, .egress: false
            }
        }
    }

    let place: Place
    /// The kernel's number of the program.
    let id: UInt32
    /// At most 15 characters; empty where the kernel does not tell.
    let name: String

    /// Whether it is one of the agent's own.
    var isOurs: Bool { name.hasPrefix("km_") }
}

/// What is attached to a cgroup and in force there.
struct AttachedPrograms: Hashable, Sendable {
    /// Programs of the cgroup and of those above it.
    var programs: [AttachedProgram] = []
    /// Places where a program is attached so that no other can be added.
    var closedPlaces: [AttachedProgram.Place] = []

    /// Asks about the cgroup at a path.
    static func inForce(at path: String) throws(KernelError) -> AttachedPrograms {
        // open(2) reads the path up to its end, which Swift provides.
        let raw = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .last("open the cgroup", path) }
        let cgroup = Descriptor(adopting: raw)
        var result = AttachedPrograms()
        for place in AttachedProgram.Place.allCases {
            let ids = try cgroup.query(place, flags: UInt32(BPF_F_QUERY_EFFECTIVE)).ids
            result.programs += ids.map { AttachedProgram(place: place, id: $0, name: programName(of: $0)) }
            let own = try cgroup.query(place, flags: 0)
            if !own.ids.isEmpty, own.attachFlags & UInt32(BPF_F_ALLOW_MULTI) == 0 { result.closedPlaces.append(place) }
        }
        return result
    }
}

extension Descriptor {
    /// The programs attached to this cgroup at a place.
    fileprivate borrowing func query(
        _ place: AttachedProgram.Place, flags: UInt32
    ) throws(KernelError) -> (ids: [UInt32], attachFlags: UInt32) {
        // The kernel allows 64 in one place of one cgroup; those above have their own.
        var ids = [UInt32](repeating: 0, count: 1024)
        var count = UInt32(ids.count)
        var attachFlags: UInt32 = 0
        // In bounds: the kernel writes at most `count` numbers.
        let status = withRaw { unsafe bpf_prog_query($0, place.kernelType, flags, &attachFlags, &ids, &count) }
        guard status == 0 else { throw KernelError("ask for programs at", place.rawValue, errno: -status) }
        return (Array(ids.prefix(Int(count))), attachFlags)
    }
}

extension AttachedProgram.Place {
    fileprivate var kernelType: bpf_attach_type {
        switch self {
        case .connect4: BPF_CGROUP_INET4_CONNECT
        case .connect6: BPF_CGROUP_INET6_CONNECT
        case .sendmsg4: BPF_CGROUP_UDP4_SENDMSG
        case .recvmsg4: BPF_CGROUP_UDP4_RECVMSG
        case .sockOps: BPF_CGROUP_SOCK_OPS
        case .ingress: BPF_CGROUP_INET_INGRESS
        case .egress: BPF_CGROUP_INET_EGRESS
        }
    }
}

/// The name of a program, empty when it may not be asked for or is gone.
private func programName(of id: UInt32) -> String {
    let raw = bpf_prog_get_fd_by_id(id)
    guard raw >= 0 else { return "" }
    let program = Descriptor(adopting: raw)
    var information = bpf_prog_info()
    var size = UInt32(MemoryLayout<bpf_prog_info>.size)
    // In bounds: the kernel fills at most `size` bytes of the structure.
    guard program.withRaw({ unsafe bpf_obj_get_info_by_fd($0, &information, &size) }) == 0 else { return "" }
    // In bounds: the name is an array within the structure, and ends with a zero.
    return unsafe withUnsafeBytes(of: information.name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
