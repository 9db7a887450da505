internal import CBPF
import KernelABI
public import Model

/// How often each hook ended with each reason, as the programs count it on each processor.
public struct ExitCounters: ~Copyable {
    /// One kind of exit and how often it was taken.
    public struct Count: Hashable, Sendable {
        public var hook: Hook
        public var reason: Reason
        public var count: UInt64
    }

    static let mapName = "km_reason_count"
    /// Entries of the map.
    private static let capacity = Int(KM_HOOK_COUNT.rawValue) * Int(KM_REASON_SLOTS)

    private let descriptor: Descriptor
    private let processorCount: Int

    /// Takes over km_reason_count.
    init(adopting descriptor: consuming Descriptor) {
        self.descriptor = descriptor
        processorCount = max(1, Int(libbpf_num_possible_cpus()))
    }

    /// Whether a map counts these hooks and reasons, as far as its size tells: another version has other ones.
    static func isCurrent(_ map: borrowing Descriptor) throws(LoadError) -> Bool {
        try map.withRaw { (raw) throws(LoadError) in try MapInformation(of: raw, name: mapName).capacity } == capacity
    }

    /// The sums over all processors, without those that are 0; ordered by hook and reason.
    public borrowing func counts() throws(KernelError) -> [Count] {
        var counts: [Count] = []
        // The kernel writes eight bytes for each possible processor.
        var values = [UInt64](repeating: 0, count: processorCount)
        for (number, hook) in Hook.allCases.enumerated() {
            for reason in Reason.allCases {
                var index = UInt32(number) * UInt32(KM_REASON_SLOTS) + reason.code
                // In bounds: `values` has room for every processor.
                let status = descriptor.withRaw { unsafe bpf_map_lookup_elem($0, &index, &values) }
                guard status == 0 else { throw KernelError("read", Self.mapName, errno: -status) }
                let sum = values.reduce(0, &+)
                if sum > 0 { counts.append(Count(hook: hook, reason: reason, count: sum)) }
            }
        }
        return counts
    }
}
