/// Which packets a policy or a state is for, by their addresses. Kmesh's rules name nothing else.
/// Source: Linux, struct xfrm_selector.
public struct XFRMSelector: Hashable, Sendable {
    public var source: Prefix
    public var destination: Prefix

    public init(source: Prefix, destination: Prefix) {
        self.source = source
        self.destination = destination
    }

    public func covers(source: IPAddress, destination: IPAddress) -> Bool {
        self.source.contains(source) && self.destination.contains(destination)
    }
}
