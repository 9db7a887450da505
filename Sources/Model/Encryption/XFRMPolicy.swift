/// A rule of Linux's security policy database (`ip xfrm policy`): what must be encrypted, or must have been.
public struct XFRMPolicy: Hashable, Sendable {
    /// Where in the stack it is asked.
    public enum Direction: String, Hashable, Sendable, CaseIterable {
        /// For what the node takes itself.
        case `in`
        /// For what leaves the node's stack.
        case out
        /// For what the node forwards.
        case fwd
    }

    public enum Action: String, Hashable, Sendable {
        case allow, block
    }

    /// How the packet is, or was, transformed.
    public struct Template: Hashable, Sendable {
        /// Of the outer header; an unspecified source (0.0.0.0, ::) of an in or fwd template accepts any.
        public var source: IPAddress
        public var destination: IPAddress
        /// nil for any state of the request.
        public var spi: SPI?
        public var requestID: UInt32

        public init(source: IPAddress, destination: IPAddress, spi: SPI? = nil, requestID: UInt32 = 1) {
            self.source = source
            self.destination = destination
            self.spi = spi
            self.requestID = requestID
        }
    }

    public var direction: Direction
    public var selector: XFRMSelector
    public var mark: MarkSelector
    /// The lowest number wins.
    public var priority: UInt32
    public var action: Action
    /// Empty to let packets pass in clear.
    public var templates: [Template]

    public init(
        _ direction: Direction, _ selector: XFRMSelector, mark: MarkSelector = .any, priority: UInt32 = 0,
        action: Action = .allow, templates: [Template]
    ) {
        self.direction = direction
        self.selector = selector
        self.mark = mark
        self.priority = priority
        self.action = action
        self.templates = templates
    }
}
