import Glibc

/// `kmesh-sim check` of what `kubectl get pods -o yaml` prints for many pods: about 100 MB of text, most of it of no
/// concern to the mesh.
enum ManifestBenchmark {
    static let byteCount = 100_000_000

    /// CPU seconds and peak memory of one run.
    static func measure() throws -> (seconds: Double, peakMemoryByteCount: Int) {
        let path = ThisProcess.sibling("manifest-\(getpid()).yaml")
        try write(to: path)
        // unlink(2) reads the path up to its end, which Swift provides.
        defer { unsafe unlink(path) }
        guard let child = ChildProcess(ThisProcess.sibling("kmesh-sim"), ["check", "--mesh", path]),
            child.output.hasSuffix("notes\n")
        else { throw BenchmarkError(message: "kmesh-sim does not check a large manifest (build it)") }
        return (Double(child.cpuNanoseconds) / 1e9, child.peakMemoryByteCount)
    }

    /// Writes pod by pod: a process hands its own peak memory down to the one that it starts.
    private static func write(to path: String) throws {
        // fopen(3) and fputs(3) read their texts up to the end, which Swift provides.
        guard let file = unsafe fopen(path, "w") else { throw BenchmarkError(message: "cannot write \(path)") }
        defer { unsafe fclose(file) }
        var written = 0
        var number = 0
        unsafe fputs("apiVersion: v1\nkind: List\nitems:\n", file)
        while written < byteCount {
            let text = pod(number)
            unsafe fputs(text, file)
            written += text.utf8.count
            number += 1
        }
    }

    private static func pod(_ number: Int) -> String {
        let annotations = (0..<20).map { "      example.test/annotation-\($0): \(String(repeating: "x", count: 60))\n" }
        let variables = (0..<30).map { "      - {name: VARIABLE_\($0), value: \(String(repeating: "v", count: 40))}\n" }
        return """
            - apiVersion: v1
              kind: Pod
              metadata:
                name: app-\(number)
                namespace: ns-\(number % 200)
                labels: {app: app-\(number % 5000)}
                annotations:
            \(annotations.joined())  spec:
                nodeName: node-\(number % 100)
                containers:
                - name: main
                  env:
            \(variables.joined())  status:
                phase: Running
                podIP: 10.\(number / 65536).\(number / 256 % 256).\(number % 256)
                conditions: [{type: Ready, status: "True"}]

            """
    }
}
