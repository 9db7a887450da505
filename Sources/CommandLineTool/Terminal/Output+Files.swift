import Glibc

extension Output {
    /// Creates or replaces a file with `text`.
    public static func writeFile(_ path: String, _ text: String) throws(OutputError) {
        // open(2) reads the path up to its end, which Swift provides.
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw OutputError(object: path, errno: errno) }
        defer { close(descriptor) }
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
