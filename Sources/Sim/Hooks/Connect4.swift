public import Model

extension ConnectHook {
    /// cgroup/connect4: an IPv4 socket connects. TCP and connected UDP; port 53 goes to the DNS proxy.
    @inlinable
    public func connect4(
        _ call: SocketCall, maps: inout some MapAccess, storage: inout SocketStorage?,
        generator: inout SplitMix64, recorder: inout some DecisionRecorder
    ) -> ConnectDecision {
        run(
            call, redirectsDNS: true, maps: &maps, storage: &storage, generator: &generator, recorder: &recorder)
    }
}
