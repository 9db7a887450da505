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
        let size = MemoryLayout<kmesh__bss>.size
        guard let offset = MemoryLayout<kmesh__bss>.offset(of: variable) else {
            preconditionFailure("variables of C are stored")
        }
        let memory = unsafe section.withRaw { raw in
            unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0)
        }
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            throw .last("map", Dataplane.variablesName)
        }
        // In bounds: the kernel maps whole pages, and has the section at their beginning.
        unsafe memory.storeBytes(of: value, toByteOffset: offset, as: Value.self)
        unsafe munmap(memory, size)
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
}
