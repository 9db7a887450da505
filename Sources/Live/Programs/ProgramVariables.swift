internal import KernelPrograms

/// What user space and the programs both write: who listens to events, and the generator of deterministic draws.
public struct ProgramVariables: ~Copyable {
    /// One entry: the programs' section of variables.
    private let section: KernelMap<UInt32, kmesh__bss>

    init(adopting descriptor: consuming Descriptor) {
        section = KernelMap(name: Dataplane.variablesName, capacity: 1, adopting: descriptor)
    }

    private borrowing func change(_ body: (inout kmesh__bss) -> Void) throws(KernelError) {
        guard var value = try section.lookup(0) else { return }
        body(&value)
        try section.update(0, to: value)
    }

    /// Lets the programs tell of every exit until a time, in nanoseconds since boot; 0 ends it at once.
    public borrowing func listen(untilNanoseconds time: UInt64) throws(KernelError) {
        try change { $0.km_events_until_ns = time }
    }

    /// Sets where the deterministic generator goes on.
    public borrowing func setGenerator(_ state: UInt64) throws(KernelError) {
        try change { $0.km_generator = state }
    }
}
