import Glibc

extension Output {
    /// Creates or replaces a file with `text`.
    /// - Parameter isSecret: Whether nobody but the owner may read it, also where it is there already.
    public static func writeFile(_ path: String, _ text: String, isSecret: Bool = false) throws(OutputError) {
        // open(2) reads the path up to its end, which Swift provides.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, isSecret ? 0o600 : 0o644)
        guard descriptor >= 0 else { throw OutputError(object: path, errno: errno) }
        defer { close(descriptor) }
        guard !isSecret || fchmod(descriptor, 0o600) == 0 else { throw OutputError(object: path, errno: errno) }
        var output = Output(descriptor: descriptor, object: path)
        try output.write(text)
        try output.flush()
    }

    /// Creates a directory unless it is there; its parent must be.
    public static func makeDirectory(_ path: String) throws(OutputError) {
        // mkdir(2) reads the path up to its end, which Swift provides.
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw OutputError(object: path, errno: errno) }
    }
}
