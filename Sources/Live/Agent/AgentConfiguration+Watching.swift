import Glibc

extension AgentConfiguration {
    /// Where others record pods that are to be managed.
    var podsFile: String { "\(stateDirectory)/\(ManagedPods.fileName)" }

    /// Watches the files of the mesh, and the recorded pods.
    func watcher() throws(KernelError) -> FileWatcher {
        let directories = mesh.filter(Self.isDirectory)
        return try FileWatcher(files: mesh.filter { !Self.isDirectory($0) } + [podsFile], directories: directories)
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        // In bounds: the call fills the one value, and reads the path that it is lent.
        return unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
