internal import CBPF
internal import CLinux
import Glibc

/// A directory of a BPF file system in which maps and links are pinned by name.
///
/// Paths are lent to the kernel for the length of a call: that is what is unsafe here, and why it is in bounds.
public struct PinDirectory: Hashable, Sendable {
    /// The default.
    public static let standard = PinDirectory("/sys/fs/bpf/kmesh")
    /// What statfs(2) says of a BPF file system.
    private static let fileSystemType = 0xcafe_4a11

    public let path: String

    public init(_ path: String) { self.path = path }

    /// The path of what is pinned by that name.
    public func path(of name: String) -> String { "\(path)/\(name)" }

    /// Whether there is something at the path.
    var isThere: Bool { unsafe access(path, F_OK) == 0 }

    /// Makes the directory where it is missing.
    func make() throws(LoadError) {
        let isMade = unsafe mkdir(path, 0o700) == 0
        if !isMade, errno != EEXIST { throw .kernel(.last("make the directory", path)) }
        var information = statfs()
        // In bounds: the kernel fills the structure that it is given.
        guard unsafe statfs(path, &information) == 0 else { throw .kernel(.last("look at", path)) }
        guard Int(information.f_type) == Self.fileSystemType else {
            if isMade { unsafe rmdir(path) }
            throw .noFileSystem(path: path)
        }
    }

    /// Opens what is pinned by a name, nil when nothing is.
    func open(_ name: String) throws(LoadError) -> Descriptor? {
        let descriptor = unsafe bpf_obj_get(path(of: name))
        if descriptor == -ENOENT { return nil }
        guard descriptor >= 0 else { throw .kernel(KernelError("open", path(of: name), errno: -descriptor)) }
        return Descriptor(adopting: descriptor)
    }

    /// Pins an object; what was pinned by that name before is replaced in one step.
    func pin(_ raw: CInt, as name: String) throws(LoadError) {
        // A dot is not allowed in names there.
        let (new, final) = (newPath(of: name), path(of: name))
        unsafe unlink(new)
        let status = unsafe bpf_obj_pin(raw, new)
        guard status == 0 else { throw .kernel(KernelError("pin", final, errno: -status)) }
        guard unsafe rename(new, final) == 0 else {
            let error = KernelError.last("pin", final)
            unsafe unlink(new)
            throw .kernel(error)
        }
    }

    /// Where an object lies for the moment before it takes its place.
    private func newPath(of name: String) -> String { path(of: name + Self.newSuffix) }

    static let newSuffix = "_new"

    /// Takes a pin away, and what a crash left beside it; the object lives on while anybody else holds it.
    /// - Returns: whether it was there.
    @discardableResult
    func unpin(_ name: String) throws(LoadError) -> Bool {
        unsafe unlink(newPath(of: name))
        if unsafe unlink(path(of: name)) == 0 { return true }
        guard errno == ENOENT else { throw .kernel(.last("remove", path(of: name))) }
        return false
    }

    /// Takes a link out of force at once, and its pin away: of the pin alone the kernel takes notice a little later.
    /// - Returns: whether it was there.
    @discardableResult
    func unpinLink(_ name: String) throws(LoadError) -> Bool {
        var wasThere = false
        // A crash may have left the link on its way to its place.
        for place in [name, name + Self.newSuffix] {
            guard let link = try open(place) else { continue }
            let status = link.withRaw { bpf_link_detach($0) }
            guard status == 0 else { throw .kernel(KernelError("detach", path(of: place), errno: -status)) }
            wasThere = true
        }
        try unpin(name)
        return wasThere
    }

    /// The names in the directory, in order; none where there is no directory.
    func names() throws(LoadError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw .kernel(.last("read the directory", path))
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        // The entry lives until the next is read, and its name ends with a zero.
        while let entry = unsafe readdir(directory) {
            let bytes = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            names.append(String(decoding: bytes, as: UTF8.self))
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    /// Removes the directory when it is empty.
    func removeIfEmpty() throws(LoadError) {
        if unsafe rmdir(path) != 0, errno != ENOENT, errno != ENOTEMPTY { throw .kernel(.last("remove", path)) }
    }
}
