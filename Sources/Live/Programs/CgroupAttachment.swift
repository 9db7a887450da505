internal import CBPF
internal import CLinux
import Glibc
import Model

/// Attaches programs to a cgroup by pinned links.
struct CgroupAttachment: ~Copyable {
    /// What statfs(2) says of cgroup v2.
    private static let fileSystemType = 0x6367_7270

    let path: String
    private let cgroup: Descriptor
    /// The kernel's number of the cgroup: the inode of its directory.
    private let id: UInt64

    /// Opens a directory of cgroup v2.
    init(path: String) throws(LoadError) {
        let raw = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .kernel(.last("open the cgroup", path)) }
        let cgroup = Descriptor(adopting: raw)
        var system = statfs()
        // In bounds: the kernel fills the structure that it is given.
        guard unsafe fstatfs(raw, &system) == 0, Int(system.f_type) == Self.fileSystemType else {
            throw .noCgroup(path: path)
        }
        var information = stat()
        // In bounds: the kernel fills the structure that it is given.
        guard unsafe fstat(raw, &information) == 0 else { throw .kernel(.last("look at the cgroup", path)) }
        id = UInt64(information.st_ino)
        self.path = path
        self.cgroup = cgroup
    }

    /// Puts a program in the place of the one that the pinned link holds, in one step; makes the link where there is
    /// none, or where it is another cgroup's.
    /// - Returns: whether the link was made now.
    borrowing func attach(
        _ program: CInt, _ type: bpf_attach_type, as name: String, in pins: PinDirectory
    ) throws(LoadError) -> Bool {
        if let link = try pins.open(name), try isHere(link, name) {
            let status = link.withRaw { bpf_link_update($0, program, nil) }
            if status == 0 { return false }
            // ENOLINK: the cgroup is gone, and another has its number.
            guard status == -ENOLINK else { throw .kernel(KernelError("replace", name, errno: -status)) }
        }
        let link = cgroup.withRaw { bpf_link_create(program, $0, type, nil) }
        guard link >= 0 else { throw .kernel(KernelError("attach to the cgroup \(path):", name, errno: -link)) }
        let owned = Descriptor(adopting: link)
        try owned.withRaw { (raw) throws(LoadError) in try pins.pin(raw, as: name) }
        return true
    }

    /// Whether a link is to this cgroup.
    private borrowing func isHere(_ link: borrowing Descriptor, _ name: String) throws(LoadError) -> Bool {
        var information = bpf_link_info()
        var size = UInt32(MemoryLayout<bpf_link_info>.size)
        // In bounds: the kernel fills at most `size` bytes of the structure.
        let status = link.withRaw { unsafe bpf_obj_get_info_by_fd($0, &information, &size) }
        guard status == 0 else { throw .kernel(KernelError("look at", name, errno: -status)) }
        return information.cgroup.cgroup_id == id
    }
}
