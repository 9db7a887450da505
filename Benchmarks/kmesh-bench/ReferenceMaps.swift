import KernelABI
import Model
import ReferenceLookup

/// Owns the maps of the C peer, filled with the entries of a `MapStore`.
@safe
struct ReferenceMaps: ~Copyable {
    private let maps: OpaquePointer

    init(_ store: MapStore) {
        guard let maps = unsafe reference_maps_create() else { preconditionFailure("no memory for the reference maps") }
        unsafe self.maps = maps
        // C copies keys and values before it returns.
        for (key, value) in store.frontend.sortedEntries { check(unsafe reference_put_frontend(maps, [key], [value])) }
        for (key, value) in store.service.sortedEntries { check(unsafe reference_put_service(maps, [key], [value])) }
        for (key, value) in store.endpoint.sortedEntries { check(unsafe reference_put_endpoint(maps, [key], [value])) }
        for (key, value) in store.backend.sortedEntries { check(unsafe reference_put_backend(maps, [key], [value])) }
        for (key, value) in store.manage.sortedEntries { check(unsafe reference_put_manage(maps, [key], [value])) }
    }

    deinit { unsafe reference_maps_destroy(maps) }

    private func check(_ status: CInt) { precondition(status == 0, "no memory for the reference maps") }

    /// Makes `count` connects to destinations drawn from the list.
    /// - Returns: a checksum over where they went.
    borrowing func connect(
        cookie: UInt64, destinations: [reference_destination], seed: UInt64, count: Int
    ) -> UInt64 {
        // C reads the list only during the call, within the count it is given.
        unsafe reference_connect(maps, cookie, destinations, UInt32(destinations.count), seed, UInt32(count))
    }
}
