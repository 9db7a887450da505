import Glibc
import KernelABI
public import Model

/// The maps of compiled policies in the kernel: what `AuthorizationMaps` is in memory.
public struct AuthorizationKernelMaps: ~Copyable {
    let identities: KernelMap<MapAddress, IdentityValue>
    let destinations: KernelMap<UInt32, AuthorizationBucket>
    let slots: KernelMap<UInt32, AuthorizationSlot>
    let views: KernelMap<UInt32, AuthorizationView>
    let rows: KernelMap<UInt32, AuthorizationRow>
    let ranges: KernelMap<UInt32, AuthorizationRange>
    let ranges6: KernelMap<UInt32, AuthorizationRange6>
    let rules: KernelMap<UInt32, AuthorizationRule>
    /// Of the programs that look into these maps.
    let variables: ProgramVariables

    /// What the maps take.
    public var capacities: AuthorizationCapacities {
        AuthorizationCapacities(
            identities: identities.capacity, destinations: slots.capacity, rows: rows.capacity,
            ranges: ranges.capacity, ranges6: ranges6.capacity, rules: rules.capacity)
    }

    /// Takes over descriptors of maps whose layouts were checked.
    static func opening(
        _ open: (String) throws(LoadError) -> Descriptor, variables: () throws(LoadError) -> Descriptor
    ) throws(LoadError) -> AuthorizationKernelMaps {
        func map<Key, Value>(_ name: AuthorizationMapName) throws(LoadError) -> KernelMap<Key, Value> {
            let descriptor = try open(name.rawValue)
            let capacity = try descriptor.withRaw { (raw) throws(LoadError) in
                try MapInformation(of: raw, name: name.rawValue).capacity
            }
            return KernelMap(name: name.rawValue, capacity: capacity, adopting: descriptor)
        }
        let identities: KernelMap<MapAddress, IdentityValue> = try map(.identity)
        let destinations: KernelMap<UInt32, AuthorizationBucket> = try map(.destination)
        let slots: KernelMap<UInt32, AuthorizationSlot> = try map(.slot)
        let views: KernelMap<UInt32, AuthorizationView> = try map(.view)
        let rows: KernelMap<UInt32, AuthorizationRow> = try map(.row)
        let ranges: KernelMap<UInt32, AuthorizationRange> = try map(.range)
        let ranges6: KernelMap<UInt32, AuthorizationRange6> = try map(.range6)
        let rules: KernelMap<UInt32, AuthorizationRule> = try map(.rule)
        return AuthorizationKernelMaps(
            identities: identities, destinations: destinations, slots: slots, views: views, rows: rows,
            ranges: ranges, ranges6: ranges6, rules: rules, variables: ProgramVariables(adopting: try variables()))
    }

    // MARK: Writing

    /// Applies writes in order. Puts into one hash map that follow each other go to the kernel together, as do the
    /// elements of one write of an array.
    public borrowing func apply(_ writes: [AuthorizationWrite]) throws(MapWriteError) -> MapWriteCounts {
        var counts = MapWriteCounts()
        var index = 0
        while index < writes.count {
            do {
                let end = Self.endOfRun(from: index, in: writes)
                if end - index > 1 {
                    try put(writes[index..<end])
                } else {
                    try apply(writes[index])
                }
                for write in writes[index..<end] { counts.add(write) }
                index = end
            } catch let error as BatchError {
                // A part of one write's elements is not counted.
                let isRun = Self.endOfRun(from: index, in: writes) - index > 1
                throw MapWriteError(
                    error: error.error, appliedCount: index + (isRun ? error.appliedCount : 0),
                    totalCount: writes.count)
            } catch let error as KernelError {
                throw MapWriteError(error: error, appliedCount: index, totalCount: writes.count)
            } catch {
                preconditionFailure("an error of another kind: \(error)")
            }
        }
        return counts
    }

    /// Where the puts into the hash map of the first end.
    private static func endOfRun(from start: Int, in writes: [AuthorizationWrite]) -> Int {
        var end = start + 1
        switch writes[start] {
        case .putIdentity: while end < writes.count, case .putIdentity = writes[end] { end += 1 }
        default: break
        }
        return end
    }

    private borrowing func put(_ run: ArraySlice<AuthorizationWrite>) throws(BatchError) {
        var found: ([MapAddress], [IdentityValue]) = ([], [])
        for write in run {
            switch write {
            case .putIdentity(let address, let value):
                found.0.append(address)
                found.1.append(value)
            default: preconditionFailure("a run holds puts into hash maps only")
            }
        }
        try identities.update(found.0, to: found.1)
    }

    private borrowing func apply(_ write: AuthorizationWrite) throws {
        switch write {
        case .putIdentity(let address, let value): try identities.update(address, to: value)
        case .deleteIdentity(let address): try identities.delete(address)
        case .putDestination(let address, let value): try put(address, value)
        case .deleteDestination(let address): try deleteDestination(address)
        case .setSlot(let index, let slot): try slots.update(UInt32(index), to: slot)
        case .setView(let index, let view): try views.update(UInt32(index), to: view)
        case .setRows(let index, let values): try rows.update(Self.indices(index, values.count), to: values)
        case .setRanges(let index, let values): try ranges.update(Self.indices(index, values.count), to: values)
        case .setRanges6(let index, let values): try ranges6.update(Self.indices(index, values.count), to: values)
        case .setRules(let index, let values): try rules.update(Self.indices(index, values.count), to: values)
        case .barrier: try ReadersBarrier.wait()
        case .setGeneration(let generation): try variables.setAuthorizationGeneration(generation)
        }
    }

    // MARK: Destinations

    /// Puts an address into its bucket.
    /// - Throws: E2BIG when the bucket is full.
    private borrowing func put(_ address: MapAddress, _ value: AuthorizationDestination) throws(KernelError) {
        try changeBucket(of: address) { (entries) throws(KernelError) in
            guard let index = entries.place(of: address) ?? entries.firstEmpty else {
                throw KernelError("update", destinations.name, errno: E2BIG)
            }
            entries[index] = km_authz_dst(addr: address, slot_number: value.slot + 1, check: value.check)
        }
    }

    private borrowing func deleteDestination(_ address: MapAddress) throws(KernelError) {
        try changeBucket(of: address) { (entries) throws(KernelError) in
            guard let index = entries.place(of: address) else { return }
            entries[index] = km_authz_dst()
        }
    }

    private borrowing func changeBucket(
        of address: MapAddress, _ change: (inout AuthorizationBucket.Entries) throws(KernelError) -> Void
    ) throws(KernelError) {
        // In bounds: the address is lent for the call.
        let index = unsafe withUnsafePointer(to: address) {
            unsafe km_authz_bucket_index($0, UInt32(destinations.capacity - 1))
        }
        var bucket = try destinations.lookup(index) ?? AuthorizationBucket()
        var entries = bucket.entries
        try change(&entries)
        bucket.entries = entries
        try destinations.update(index, to: bucket)
    }

    private static func indices(_ first: Int, _ count: Int) -> [UInt32] {
        (first..<first + count).map { UInt32($0) }
    }
}

extension AuthorizationBucket {
    typealias Entries = InlineArray<4, km_authz_dst>

    /// How many addresses are in it.
    var usedCount: Int {
        let entries = entries
        return entries.indices.count { entries[$0].slot_number != 0 }
    }

    var entries: Entries {
        // Same layout: a C array of four entries.
        get { unsafe unsafeBitCast(dst, to: Entries.self) }
        set { dst = unsafe unsafeBitCast(newValue, to: (type(of: dst)).self) }
    }
}

extension AuthorizationBucket.Entries {
    fileprivate func place(of address: MapAddress) -> Int? {
        indices.first { self[$0].slot_number != 0 && sameBytes(self[$0].addr, address) }
    }

    fileprivate var firstEmpty: Int? { indices.first { self[$0].slot_number == 0 } }
}

extension MapWriteCounts {
    fileprivate mutating func add(_ write: AuthorizationWrite) {
        switch write {
        case .barrier: barriers += 1
        case .deleteIdentity, .deleteDestination: deletes += 1
        default: puts += 1
        }
    }
}
