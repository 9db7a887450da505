public import CommandLineTool
import Model
public import Sim

extension AuthorizationAnswer {
    /// Everything of the text, and all members. Rules, clauses and matches count from 1.
    public var json: JSONValue {
        [
            "from": .string(source), "to": .string(target), "allowed": .bool(isAllowed),
            "notes": .array(notes.map(JSONValue.string)),
            "cases": .array(cases.map { $0.json }),
        ]
    }
}

extension AuthorizationAnswer.Case {
    fileprivate var json: JSONValue {
        [
            "from": AuthorizationJSON.source(source), "to": AuthorizationJSON.destination(destination),
            "port": JSONValue(port),
            "example": [
                "source": .string("\(explanation.request.source)"),
                "destination": .string("\(explanation.request.destination)"),
            ],
            "decision": .object(AuthorizationJSON.verdict(explanation.verdict)),
            "withDryRuns": .object(AuthorizationJSON.verdict(explanation.dryRunVerdict)),
            "policies": .array(explanation.policies.map(AuthorizationJSON.policy)),
            "unknownPolicies": .array(missing.map(JSONValue.string)),
        ]
    }
}

/// Parts of documents about authorization.
enum AuthorizationJSON {
    /// The verdict and what decides it.
    static func verdict(_ verdict: AuthorizationVerdict) -> [JSONValue.Member] {
        [
            .init("verdict", .string(AuthorizationPhrases.word(verdict))),
            .init("policy", JSONValue(verdict.rule?.policy)),
            .init("rule", verdict.rule.map { JSONValue($0.rule + 1) } ?? .null),
            .init("reason", .string(AuthorizationPhrases.reason(verdict))),
        ]
    }

    static func source(_ source: SourceClass) -> JSONValue {
        [
            "known": .bool(source.isKnown), "identities": .array(source.identities.map { .string($0.principal) }),
            "workloads": members(source.members),
            "blocks": .array(
                source.ranges.map { range in
                    [
                        "block": .string("\(range.block)"),
                        "outside": .array(range.outside.map { .string("\($0)") }),
                    ] as JSONValue
                }),
        ]
    }

    static func destination(_ destination: DestinationClass) -> JSONValue {
        [
            "judged": .bool(destination.kind == .workloads), "workloads": members(destination.members),
            "policies": .array(destination.policies.map(JSONValue.string)),
        ]
    }

    private static func members(_ members: [ClassMember]) -> JSONValue {
        .array(
            members.map { member in
                [
                    "uid": .string(member.workload.uid.text),
                    "name": .string("\(member.workload.namespace)/\(member.workload.name)"),
                    "addresses": .array(member.addresses.map { .string("\($0)") }),
                ] as JSONValue
            })
    }

    static func policy(_ policy: PolicyExplanation) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("name", .string(policy.name)), .init("action", .string(policy.action.rawValue)),
            .init("scope", .string(policy.scope.rawValue)), .init("dryRun", .bool(policy.isDryRun)),
        ]
        switch policy.outcome {
        case .matched(let matched):
            members += [
                .init("matches", true), .init("rule", JSONValue(matched.rule + 1)),
                .init("holding", .array(matched.matches.map { $0.map { JSONValue($0 + 1) } ?? .null })),
            ]
        case .missed(let miss):
            members += [
                .init("matches", false), .init("rule", JSONValue(miss.rule + 1)),
                .init("failing", .array(miss.clauses.map(clause))),
            ]
        case .withoutRules: members += [.init("matches", false), .init("rule", .null)]
        }
        return .object(members)
    }

    private static func clause(_ failed: FailedClause) -> JSONValue {
        [
            "clause": JSONValue(failed.clause + 1), "match": JSONValue(failed.match + 1),
            "conditions": .array(
                failed.conditions.map {
                    ["kind": JSONValue($0.kind?.rawValue), "text": .string($0.text)] as JSONValue
                }),
        ]
    }
}
