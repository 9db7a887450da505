/// Conditions that a connection has to meet, by kind. Every kind that is named has to hold; within a kind one of the
/// values suffices, and none of the `not` values may hold. A match that names nothing never holds.
public struct PolicyMatch: Hashable, Sendable {
    /// What a connection must be, and what it must not be.
    public struct Values<Value: Hashable & Sendable>: Hashable, Sendable {
        public var any: [Value]
        public var none: [Value]

        public init(_ any: [Value] = [], not none: [Value] = []) {
            self.any = any
            self.none = none
        }

        /// Whether the kind is not named.
        public var isEmpty: Bool { any.isEmpty && none.isEmpty }

        /// Whether the condition holds, where `test` tells which values do.
        @inlinable
        func hold(_ test: (Value) -> Bool) -> Bool {
            (any.isEmpty || any.contains(where: test)) && !none.contains(where: test)
        }
    }

    /// A service account; exactly this one.
    public struct ServiceAccount: Hashable, Sendable {
        public var namespace: String
        public var name: String

        public init(namespace: String, name: String) {
            self.namespace = namespace
            self.name = name
        }
    }

    public var namespaces: Values<StringMatch>
    /// Compared with `PeerIdentity.principal`.
    public var principals: Values<StringMatch>
    public var serviceAccounts: Values<ServiceAccount>
    public var sourceBlocks: Values<Prefix>
    public var destinationBlocks: Values<Prefix>
    /// Ports of the pod, in host order.
    public var destinationPorts: Values<UInt16>

    public init(
        namespaces: Values<StringMatch> = Values(), principals: Values<StringMatch> = Values(),
        serviceAccounts: Values<ServiceAccount> = Values(), sourceBlocks: Values<Prefix> = Values(),
        destinationBlocks: Values<Prefix> = Values(), destinationPorts: Values<UInt16> = Values()
    ) {
        self.namespaces = namespaces
        self.principals = principals
        self.serviceAccounts = serviceAccounts
        self.sourceBlocks = sourceBlocks
        self.destinationBlocks = destinationBlocks
        self.destinationPorts = destinationPorts
    }

    /// Whether no kind is named.
    public var isEmpty: Bool { namedKinds.isEmpty }

    /// A kind of condition.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case namespaces, principals, serviceAccounts, sourceBlocks, destinationBlocks, destinationPorts
    }

    /// The kinds that are named, in the order of `Kind`.
    public var namedKinds: [Kind] { Kind.allCases.filter { names($0) } }

    /// Whether a kind is named.
    public func names(_ kind: Kind) -> Bool {
        switch kind {
        case .namespaces: !namespaces.isEmpty
        case .principals: !principals.isEmpty
        case .serviceAccounts: !serviceAccounts.isEmpty
        case .sourceBlocks: !sourceBlocks.isEmpty
        case .destinationBlocks: !destinationBlocks.isEmpty
        case .destinationPorts: !destinationPorts.isEmpty
        }
    }

    /// Whether the conditions of one kind hold; they do where the kind is not named. Without an identity no name
    /// equals another: what must be is not, what must not be is not either.
    public func holds(_ kind: Kind, for request: AuthorizationRequest) -> Bool {
        let identity = request.identity
        return switch kind {
        case .namespaces: namespaces.hold { match in identity.map { match.matches($0.namespace) } ?? false }
        case .principals: principals.hold { match in identity.map { match.matches($0.principal) } ?? false }
        case .serviceAccounts:
            serviceAccounts.hold { $0.namespace == identity?.namespace && $0.name == identity?.serviceAccount }
        case .sourceBlocks: sourceBlocks.hold { $0.contains(request.source) }
        case .destinationBlocks: destinationBlocks.hold { $0.contains(request.destination.address) }
        case .destinationPorts: destinationPorts.hold { $0 == request.destination.port }
        }
    }

    /// Whether the match holds.
    public func holds(for request: AuthorizationRequest) -> Bool {
        !isEmpty && Kind.allCases.allSatisfy { holds($0, for: request) }
    }
}
