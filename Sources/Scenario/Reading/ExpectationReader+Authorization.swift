import Inputs
import Model

extension ExpectationReader {
    /// `allowed`, `denied`, or a mapping with more about it.
    func authorization(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> ExpectedAuthorization {
        var result = ExpectedAuthorization()
        guard case .mapping(let entries) = node.value else {
            guard let verdict = node.text.flatMap(ExpectedAuthorization.Verdict.init(rawValue:)) else {
                throw scalar.error(node, mustBe: "allowed, denied or a mapping")
            }
            result.verdict = verdict
            return result
        }
        guard !entries.isEmpty else { throw scalar.place(node).error("\"authorization\" expects nothing") }
        var section = try Section<AuthorizationKey>(node, file: file, what: "authorization")
        result.verdict = try section.choice(.verdict)
        result.policy = try section.name(.policy).map(policyName)
        result.rule = try section.integer(.rule, in: 1...Int(Int32.max))
        result.engine = try section.choice(.engine)
        result.dryRun = try section.choice(.dryRun)
        try section.finish()
        if result.rule != nil, result.policy == PolicyName.none {
            throw section.place(of: .rule).error("\"rule\" beside \"policy: none\"; a rule is of a policy")
        }
        return result
    }

    private typealias PolicyName = ExpectedAuthorization.PolicyName

    private func policyName(_ name: Located<String>) throws(InputError) -> PolicyName {
        if name.value == "none" { return .none }
        let parts = name.value.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw name.error("\"policy\" must be namespace/name or none, not \"\(name.value)\"")
        }
        return .named(name.value)
    }
}
