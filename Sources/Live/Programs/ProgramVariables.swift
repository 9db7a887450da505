import Glibc
internal import KernelPrograms

/// What user space and the programs both write: who listens to events, who decides about inbound connections, the
/// generation of the policies, and the generator of deterministic draws.
public struct ProgramVariables: ~Copyable {
    /// The programs' section of variables, a map of one entry.
    private let section: Descriptor

    init(adopting descriptor: consuming Descriptor) { section = descriptor }

    /// Writes one variable where the programs have it: they, and other processes, write the others meanwhile.
    private borrowing func set<Value: BitwiseCopyable>(
        _ variable: WritableKeyPath<kmesh__bss, Value>, to value: Value
    ) throws(KernelError) {
        try unsafe withMemory(PROT_READ | PROT_WRITE) { memory in
            // In bounds: the kernel maps whole pages, and has the section at their beginning.
            unsafe memory.storeBytes(of: value, toByteOffset: Self.offset(of: variable), as: Value.self)
        }
    }

    /// Reads one variable.
    private borrowing func get<Value: BitwiseCopyable>(
        _ variable: KeyPath<kmesh__bss, Value>
    ) throws(KernelError) -> Value {
        try unsafe withMemory(PROT_READ) { memory in
            // In bounds, likewise.
            unsafe memory.load(fromByteOffset: Self.offset(of: variable), as: Value.self)
        }
    }

    private static func offset<Value>(of variable: KeyPath<kmesh__bss, Value>) -> Int {
        guard let offset = MemoryLayout<kmesh__bss>.offset(of: variable) else {
            preconditionFailure("variables of C are stored")
        }
        return offset
    }

    /// Lends the section's memory for the call.
    private borrowing func withMemory<Result>(
        _ protection: CInt, _ body: (UnsafeMutableRawPointer) -> Result
    ) throws(KernelError) -> Result {
        let size = MemoryLayout<kmesh__bss>.size
        let memory = unsafe section.withRaw { raw in
            unsafe mmap(nil, size, protection, MAP_SHARED, raw, 0)
        }
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw .last("map", Dataplane.variablesName)
        }
        defer { unsafe munmap(memory, size) }
        return unsafe body(memory)
    }

    /// Lets the programs tell of every exit until a time, in nanoseconds since boot; 0 ends it at once.
    public borrowing func listen(untilNanoseconds time: UInt64) throws(KernelError) {
        try set(\.km_events_until_ns, to: time)
    }

    /// Sets where the deterministic generator goes on.
    public borrowing func setGenerator(_ state: UInt64) throws(KernelError) {
        try set(\.km_generator, to: state)
    }

    /// Makes cached verdicts of other generations stale.
    public borrowing func setAuthorizationGeneration(_ generation: UInt32) throws(KernelError) {
        try set(\.km_authz_generation, to: generation)
    }

    /// Lets user space decide about inbound connections, or the compiled policies where there are any.
    public borrowing func setUserSpaceDecides(_ decides: Bool) throws(KernelError) {
        try set(\.km_authz_user_space, to: decides ? 1 : 0)
    }

    /// Whether user space was let decide about inbound connections.
    public borrowing func userSpaceDecides() throws(KernelError) -> Bool { try get(\.km_authz_user_space) != 0 }

    /// The generation of the policies in force.
    public borrowing func authorizationGeneration() throws(KernelError) -> UInt32 { try get(\.km_authz_generation) }
}
