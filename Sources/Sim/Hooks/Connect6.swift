public import Model

extension ConnectHook {
    /// cgroup/connect6: an IPv6 socket connects. A mapped address is looked up as IPv4, and what it is rewritten to is
    /// mapped again; port 53 is not treated specially.
    @inlinable
    public func connect6(
        _ call: SocketCall, maps: inout some MapAccess, storage: inout SocketStorage?,
        generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> ConnectDecision {
        run(
            call, redirectsDNS: false, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
    }
}
