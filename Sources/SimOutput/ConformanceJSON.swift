public import CommandLineTool
public import Sim

extension ConformanceReport {
    /// Everything that came of a run.
    public var json: JSONValue {
        [
            "success": .bool(isSuccess),
            "passed": .array(passed.map(JSONValue.string)),
            "failed": .array(
                failed.map {
                    [
                        "id": .string($0.id), "family": .string($0.family), "expected": .string($0.expected),
                        "got": .string($0.got),
                    ] as JSONValue
                }),
            "skipped": .array(
                skipped.map {
                    [
                        "family": .string($0.family), "reason": .string($0.reason),
                        "otherDialect": .bool($0.isOtherDialect), "ids": .array($0.ids.map(JSONValue.string)),
                    ] as JSONValue
                }),
            "unmetRequirements": .array(unmetRequirements.map(JSONValue.string)),
        ]
    }
}
