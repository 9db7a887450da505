import CBPF
import Foundation
import Glibc
import KernelABI
import KernelPrograms
import KernelTestSupport
import Model
import SocketDriverProtocol
import Testing

@Suite(needsKernel) struct StorageTests {
    /// The connect programs remember of a workload's address where the caller wanted to go.
    @Test(arguments: [
        (AddressFamily.v4, "10.0.0.7:80"), (.v6, "[fd00::7]:80"), (.v6, "10.0.0.7:80"),
    ])
    func theStorageOfASocketIsRead(_ c: (AddressFamily, String)) throws {
        let cgroup = try TestCgroup()
        let pins = try TestPinDirectory()
        var driver = try SocketDriver(inCgroup: cgroup.directory)
        let namespace = try driver.makeNamespace()
        _ = try driver.listen(on: [80], in: namespace.number)
        let destination = try end(c.1)
        let programs = try ConnectPrograms(cgroup: cgroup.directory)
        try programs.manage(namespace.cookie, workload: destination.address)
        try driver.useStorageMap(try programs.pinStorage(in: pins.path))

        var request = ConnectRequest(to: destination, in: namespace.number)
        request.family = c.0
        let outcome = try driver.connect(request)
        #expect(outcome.errno == 0)
        #expect(outcome.state.storageValue?.has_set_ip == 1)
        #expect(try #require(outcome.state.storageValue).connect_ns > 0)
        // As the socket sees it: an IPv4 address is mapped for an IPv6 socket.
        let wanted = c.0 == .v6 ? destination.address.mapped : destination.address
        #expect(outcome.state.originalDestination(c.0) == SocketAddress(wanted, port: 80))
        #expect(try driver.state(of: outcome.socket) == outcome.state)
        let accepted = try #require(outcome.accepted)
        #expect(try driver.state(of: accepted.socket).storageValue?.has_set_ip != 1)
        // User space can change what is remembered.
        let changed = try #require(outcome.state.storage).map { _ in UInt8(7) }
        try driver.setStorage(of: outcome.socket, to: changed)
        #expect(try driver.state(of: outcome.socket).storage == changed)
        #expect(throws: DriverError.self) { try driver.setStorage(of: outcome.socket, to: [1]) }
        // More than fits into the kernel at once.
        let bytes = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try driver.transfer(bytes, from: outcome.socket, to: accepted.socket) == bytes)
        #expect(try driver.transfer([1], from: accepted.socket, to: outcome.socket) == [1])
        try driver.close(outcome.socket, .abandoned)

        // Elsewhere nothing is remembered but the time.
        request.destination = try end("10.0.0.8:80")
        #expect(try driver.connect(request).state.storageValue?.has_set_ip == 0)
        let unmanaged = try driver.makeNamespace().number
        #expect(try driver.connect(ConnectRequest(to: destination, in: unmanaged)).state.storage == nil)
    }
}

/// The connect programs, attached to a cgroup as long as this exists.
@safe private struct ConnectPrograms: ~Copyable {
    // Owned: freed in deinit, and used in this type alone.
    private let skeleton: UnsafeMutablePointer<kmesh>
    private let links: [OpaquePointer]

    init(cgroup: String) throws {
        let opened = unsafe kmesh__open_and_load()
        guard let skeleton = unsafe opened else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM) }
        // The path ends with a zero, which Swift provides.
        let directory = unsafe open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // The skeleton's programs live as long as it does.
        let programs = unsafe skeleton.pointee.progs
        unsafe links = [programs.km_connect4, programs.km_connect6].compactMap {
            unsafe bpf_program__attach_cgroup($0, directory)
        }
        unsafe self.skeleton = skeleton
        close(directory)
        let count = unsafe links.count
        #expect(count == 2)
    }

    deinit {
        unsafe links.forEach { unsafe _ = bpf_link__destroy($0) }
        unsafe kmesh__destroy(skeleton)
    }

    /// Manages a namespace, and makes an address that of a workload without waypoint.
    func manage(_ cookie: UInt64, workload: IPAddress) throws {
        var address = km_addr()
        // In bounds: an address has at most the 16 bytes of the struct.
        unsafe withUnsafeMutableBytes(of: &address) { unsafe $0.copyBytes(from: workload.bytes) }
        var backend = km_backend_value()
        backend.addr = address
        let maps = unsafe skeleton.pointee.maps
        try unsafe put((cookie, UInt64(0)), km_manage_value(state: 0), maps.km_manage)
        try unsafe put(km_frontend_key(addr: address), km_frontend_value(upstream_id: 7), maps.km_frontend)
        try unsafe put(km_backend_key(backend_uid: 7), backend, maps.km_backend)
    }

    private func put<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ key: Key, _ value: Value, _ map: OpaquePointer?)
        throws
    {
        var (key, value) = (key, value)
        let (keySize, valueSize) = (MemoryLayout<Key>.size, MemoryLayout<Value>.size)
        // In bounds: libbpf compares both sizes with the map's.
        let status = unsafe bpf_map__update_elem(map, &key, keySize, &value, valueSize, 0)
        #expect(status == 0)
    }

    func pinStorage(in directory: String) throws -> String {
        let path = "\(directory)/km_sockstorage"
        // The path ends with a zero, which Swift provides.
        let status = unsafe bpf_map__pin(skeleton.pointee.maps.km_sockstorage, path)
        #expect(status == 0)
        return path
    }
}
