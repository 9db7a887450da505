internal import CBPF
internal import KernelPrograms
import Glibc
import Inputs
import Model

/// The compiled programs and their maps: opened, given their settings, then loaded into the kernel.
///
/// Safe, because the skeleton lives exactly as long as this value.
@safe
struct ProgramObject: ~Copyable {
    /// Alive until deinit.
    private let skeleton: UnsafeMutablePointer<kmesh>

    /// Opens what is embedded in the executable. The kernel does not hear of it yet.
    static func open() throws(LoadError) -> ProgramObject {
        km_keep_libbpf_messages()
        guard let skeleton = unsafe kmesh__open() else { throw refusal("open", "the programs", errno) }
        let object = unsafe ProgramObject(adopting: skeleton)
        try object.checkOwnLayouts()
        return object
    }

    private init(adopting skeleton: UnsafeMutablePointer<kmesh>) { unsafe self.skeleton = unsafe skeleton }

    deinit { unsafe kmesh__destroy(skeleton) }

    /// An error with libbpf's last words.
    private static func refusal(_ operation: String, _ object: String, _ number: CInt) -> LoadError {
        // The text ends with a zero and lives until libbpf's next message.
        let messages = unsafe String(cString: km_take_libbpf_messages())
        return .refused(KernelError(operation, object, errno: number), messages: messages)
    }

    /// The names of all maps, but for the sections of global variables.
    static let mapNames =
        KernelMapName.inPrograms.map(\.rawValue) + [
            "km_sockstorage", "km_auth_req", "km_auth_res", "km_socket", "km_tcp_probe", "km_cgr_tailcall",
            "km_cgr_tail6", "km_event", "km_reason_count", "km_denial",
        ] + AuthorizationMapName.allCases.map(\.rawValue) + EncryptionMapName.allCases.map(\.rawValue)

    private borrowing func map(_ name: String) -> OpaquePointer {
        guard let map = unsafe bpf_object__find_map_by_name(skeleton.pointee.obj, name) else {
            preconditionFailure("the programs have no map \(name)")
        }
        return unsafe map
    }

    private borrowing func program(_ program: HookProgram) -> OpaquePointer {
        guard let found = unsafe bpf_object__find_program_by_name(skeleton.pointee.obj, program.rawValue) else {
            preconditionFailure("there is no program \(program.rawValue)")
        }
        return unsafe found
    }

    // MARK: Before loading

    /// Holds the maps of the object to the header that this program was compiled with.
    private borrowing func checkOwnLayouts() throws(LoadError) {
        let expected =
            KernelMapName.inPrograms.map { ($0.rawValue, $0.byteCounts) }
            + AuthorizationMapName.allCases.map { ($0.rawValue, $0.byteCounts) }
            + EncryptionMapName.allCases.map { ($0.rawValue, $0.byteCounts) }
        for (name, size) in expected {
            let map = unsafe map(name)
            guard unsafe bpf_map__key_size(map) == UInt32(size.key),
                unsafe bpf_map__value_size(map) == UInt32(size.value)
            else {
                throw .layout(
                    map: name, path: "of the embedded programs", difference: "its sizes are not the header's")
            }
        }
    }

    /// Fixes how the programs behave.
    borrowing func set(_ settings: ProgramSettings) {
        // The sections are mapped until the object is loaded.
        unsafe skeleton.pointee.rodata.pointee.km_options = settings.kernelOptions
        unsafe skeleton.pointee.bss.pointee.km_generator = settings.seed ?? 0
        for program in HookProgram.allCases where program.isForPeriodicReports {
            unsafe bpf_program__set_autoload(self.program(program), settings.hasPeriodicReports)
        }
    }

    /// Sets how many entries the maps of authorization take, by what decides.
    borrowing func setAuthorizationCapacities(_ settings: ProgramSettings) {
        for name in AuthorizationMapName.allCases {
            let capacity = settings.judgesByPolicies ? name.capacity(settings.authorizationCapacities) : 1
            setCapacity(capacity, of: name.rawValue)
        }
    }

    /// Sets how many entries a map takes that will be made.
    borrowing func setCapacity(_ capacity: Int, of name: String) {
        unsafe bpf_map__set_max_entries(map(name), UInt32(capacity))
    }

    /// Uses a map that is there instead of making one.
    borrowing func use(_ descriptor: borrowing Descriptor, as name: String, path: String) throws(LoadError) {
        let map = unsafe map(name)
        let (difference, status) = try descriptor.withRaw { (raw) throws(LoadError) in
            let difference = try unsafe MapLayoutCheck.difference(
                of: raw, from: map, in: bpf_object__btf(skeleton.pointee.obj))
            return (difference, difference == nil ? unsafe bpf_map__reuse_fd(map, raw) : 0)
        }
        if let difference { throw .layout(map: name, path: path, difference: difference) }
        guard status == 0 else { throw Self.refusal("use", path, -status) }
    }

    /// Whether a map in the kernel has the layout that the programs expect of `name`.
    borrowing func check(_ descriptor: borrowing Descriptor, as name: String, path: String) throws(LoadError) {
        let map = unsafe map(name)
        let difference = try descriptor.withRaw { (raw) throws(LoadError) in
            try unsafe MapLayoutCheck.difference(
                of: raw, from: map, in: bpf_object__btf(skeleton.pointee.obj))
        }
        if let difference { throw .layout(map: name, path: path, difference: difference) }
    }

    /// Makes the maps that are not there and hands the programs to the verifier.
    borrowing func load() throws(LoadError) {
        let status = unsafe kmesh__load(skeleton)
        guard status == 0 else { throw Self.refusal("load", "the programs", -status) }
    }

    // MARK: After loading

    /// A descriptor of a map of its own.
    borrowing func openMap(_ name: String) throws(LoadError) -> Descriptor {
        try Self.duplicate(unsafe bpf_map__fd(map(name)), name)
    }

    /// A descriptor of the section of global variables that programs and user space write.
    borrowing func openVariables() throws(LoadError) -> Descriptor {
        try Self.duplicate(unsafe bpf_map__fd(skeleton.pointee.maps.bss), "the programs' variables")
    }

    private static func duplicate(_ raw: CInt, _ name: String) throws(LoadError) -> Descriptor {
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .kernel(.last("open", name)) }
        return Descriptor(adopting: copy)
    }

    /// Lends a program's descriptor; nil when it was not loaded.
    borrowing func withProgram<Result>(
        _ program: HookProgram, _ body: (CInt) throws(LoadError) -> Result
    ) throws(LoadError) -> Result? {
        let raw = unsafe bpf_program__fd(self.program(program))
        return raw >= 0 ? try body(raw) : nil
    }

    /// Instructions that the verifier went through, by program; its limit is a million each.
    borrowing func verifiedInstructionCounts() throws(LoadError) -> [(name: String, count: Int)] {
        var counts: [(name: String, count: Int)] = []
        for program in HookProgram.allCases {
            let count = try withProgram(program) { (raw) throws(LoadError) in
                var information = bpf_prog_info()
                var size = UInt32(MemoryLayout<bpf_prog_info>.size)
                // In bounds: the kernel fills at most `size` bytes of the structure.
                let status = unsafe bpf_obj_get_info_by_fd(raw, &information, &size)
                guard status == 0 else { throw .kernel(KernelError("look at", program.rawValue, errno: -status)) }
                return Int(information.verified_insns)
            }
            if let count { counts.append((program.rawValue, count)) }
        }
        return counts
    }
}
