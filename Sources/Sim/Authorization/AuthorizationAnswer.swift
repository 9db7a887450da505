public import Inputs
public import Model

/// The answer to whether one connection is allowed: for each class of what is named, since an owner's pods and a
/// service's endpoints may differ.
public struct AuthorizationAnswer: Sendable {
    /// What is the same for all of a class of sources and a class of destinations.
    public struct Case: Sendable {
        public let source: SourceClass
        public let destination: DestinationClass
        /// The pods' port.
        public let port: UInt16
        /// Of one of the connections.
        public let explanation: AuthorizationExplanation
        /// Names that the destinations list and that no policy has, in order.
        public let missing: [String]
    }

    /// As they were asked for.
    public let source: String
    public let target: String
    public let notes: [String]
    /// By destination, then by source; never none.
    public let cases: [Case]

    /// Whether every connection that is asked about is.
    public var isAllowed: Bool { cases.allSatisfy { $0.explanation.verdict.isAllowed } }
}

extension AuthorizationSubject {
    /// Answers for all addresses of a source and of a destination, each of one family with the other.
    /// - Precondition: Every destination has a port.
    /// - Throws: when they have no address of one family.
    public func answer(from source: Source, to target: Target) throws(InputError) -> AuthorizationAnswer {
        let matrix = self.matrix(from: source, to: target)
        let cases = matrix.destinations.flatMap { to in matrix.sources.compactMap { answer($0, to) } }
        guard !cases.isEmpty else {
            throw InputError(
                Self.targetOption, nil, "\(source.text) and \(target.text) have no addresses of the same family")
        }
        return AuthorizationAnswer(
            source: source.text, target: target.text, notes: source.notes + target.notes, cases: cases)
    }

    private func answer(_ source: SourceClass, _ destination: DestinationClass) -> AuthorizationAnswer.Case? {
        guard let port = destination.ports.first?.ports.first else { preconditionFailure("a question without port") }
        for from in source.representatives {
            guard let to = destination.representatives.first(where: { $0.family == from.family }) else { continue }
            let request = AuthorizationRequest(
                source: from, identity: owners.identity(of: from), destination: SocketAddress(to, port: port))
            let policies = owners.workload(of: to).map { selection.policies(for: $0) } ?? []
            let missing = Set(destination.members.flatMap { selection.missingPolicies(of: $0.workload) })
            return AuthorizationAnswer.Case(
                source: source, destination: destination, port: port,
                explanation: AuthorizationExplanation(of: request, by: policies), missing: missing.sorted())
        }
        return nil
    }
}
