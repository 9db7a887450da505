import Glibc

extension AgentConfiguration {
    /// Where others record pods that are to be managed.
    var podsFile: String { "\(stateDirectory)/\(ManagedPods.fileName)" }

    /// Where it stands who is to decide about inbound connections.
    var offloadFile: String { "\(stateDirectory)/\(OffloadSwitch.fileName)" }

    /// Watches the files of the mesh, the recorded pods, and who is to decide.
    func watcher() throws(KernelError) -> FileWatcher {
        let directories = mesh.filter(Self.isDirectory)
        return try FileWatcher(
            files: mesh.filter { !Self.isDirectory($0) } + [podsFile, offloadFile], directories: directories)
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        // In bounds: the call fills the one value, and reads the path that it is lent.
        return unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
