import CLinux
import CSocketCalls
import Glibc
import SocketDriverProtocol

/// The network namespaces of the helper. The calling thread is in one of them.
struct Namespaces {
    private var descriptors: [NamespaceNumber: CInt] = [:]
    private var current = NamespaceNumber.original
    private var nextNumber: UInt32 = 1

    init() throws(Failure) { descriptors[.original] = try checked(sc_open_network_namespace()) }

    /// Goes there: sockets and programs belong to the namespace in which they were made.
    mutating func enter(_ number: NamespaceNumber) throws(Failure) {
        if number == current { return }
        guard let descriptor = descriptors[number] else { throw Failure(ESRCH) }
        if km_enter_network_namespace(descriptor) != 0 { throw Failure(errno) }
        current = number
    }

    /// A new namespace in which the loopback device is up.
    /// - Parameter isEveryAddressLocal: Whether every address of both families is the namespace's own.
    mutating func make(isEveryAddressLocal: Bool) throws(Failure) -> NamespaceMade {
        let before = current
        if km_new_network_namespace() != 0 { throw Failure(errno) }
        let made = try adopt(try checked(sc_open_network_namespace()))
        current = made.number
        do throws(Failure) {
            try configure(isEveryAddressLocal: isEveryAddressLocal)
        } catch {
            try leave(made.number)
            throw error
        }
        try enter(before)
        return made
    }

    /// The namespace that a path such as `/proc/1/ns/net` names.
    mutating func open(_ path: String) throws(Failure) -> NamespaceMade {
        // The path ends with a zero, which Swift provides.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure(errno) }
        let before = current
        guard km_enter_network_namespace(descriptor) == 0 else {
            let failure = Failure(errno)
            Glibc.close(descriptor)
            throw failure
        }
        let made = try adopt(descriptor)
        current = made.number
        try enter(before)
        return made
    }

    /// Forgets a namespace. It ends when nothing uses it any more.
    mutating func leave(_ number: NamespaceNumber) throws(Failure) {
        guard number != .original else { throw Failure(EBUSY) }
        try enter(.original)
        guard let descriptor = descriptors.removeValue(forKey: number) else { throw Failure(ESRCH) }
        Glibc.close(descriptor)
    }

    /// Numbers the namespace in which the thread is.
    private mutating func adopt(_ descriptor: CInt) throws(Failure) -> NamespaceMade {
        let number = NamespaceNumber(rawValue: nextNumber)
        nextNumber += 1
        descriptors[number] = descriptor
        let cookie = km_network_namespace_cookie()
        return NamespaceMade(number: number, cookie: cookie, path: "/proc/\(getpid())/fd/\(descriptor)")
    }

    private func configure(isEveryAddressLocal: Bool) throws(Failure) {
        try checked(sc_start_loopback())
        guard isEveryAddressLocal else { return }
        try checked(sc_localize_addresses())
        // A pair of ports can be used again soon after a graceful close. Older kernels lack the second setting.
        try set("ipv4/tcp_tw_reuse", to: "1")
        try? set("ipv4/tcp_tw_reuse_delay", to: "1")
    }

    /// Sets a value under /proc/sys/net, which shows the namespace of the thread that opens it.
    private func set(_ name: String, to value: String) throws(Failure) {
        // The path ends with a zero, which Swift provides.
        let descriptor = unsafe Glibc.open("/proc/sys/net/\(name)", O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure(errno) }
        defer { Glibc.close(descriptor) }
        // In bounds: the text's own count.
        let count = unsafe write(descriptor, value, value.utf8.count)
        if count < 0 { throw Failure(errno) }
    }
}
