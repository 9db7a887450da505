public import Model

/// One step of a decision: a map that was looked up, or a rule that was applied, with what it gave.
public enum LookupStep: Sendable {
    /// A pass of the program begins; passes after the first come from a waypoint.
    case pass(Int, destination: SocketAddress)
    case manage(cookie: UInt64, found: Bool)
    case manageAddress(IPAddress, found: Bool)
    case frontend(IPAddress, FrontendValue?)
    case service(ResourceID, ServiceValue?)
    case backend(ResourceID, BackendValue?)
    case endpoint(EndpointKey, EndpointValue?)
    case backendAlternative(ResourceID, BackendAlternative?)
    case servicePort(ServicePortKey, ServicePortValue?)
    /// A draw, and among how many.
    case draw(UInt32, count: UInt32)
    /// A step of xdp_ingress.
    case ingress(IngressStep)
    /// A step's result that ends or turns the lookup.
    case rule(Reason)
    /// An option made a difference here: its other value would have gone on otherwise.
    case option(OptionName)
}

/// Takes the steps of a decision as they happen.
public protocol DecisionRecorder {
    mutating func record(_ step: @autoclosure () -> LookupStep)
}

/// Records nothing and costs nothing.
public struct NoTrace: DecisionRecorder {
    @inlinable
    public init() {}

    @inlinable
    public mutating func record(_ step: @autoclosure () -> LookupStep) {}
}

/// Keeps the steps. `removeAll` keeps the memory for the next decision.
public struct Trace: DecisionRecorder, Sendable {
    public private(set) var steps: [LookupStep] = []

    public init() {}

    @inlinable
    public mutating func record(_ step: @autoclosure () -> LookupStep) { append(step()) }

    @usableFromInline
    mutating func append(_ step: LookupStep) { steps.append(step) }

    public mutating func removeAll() { steps.removeAll(keepingCapacity: true) }
}
