import Inputs
import Model

/// The family `name-id`: the ids of resource names.
enum NameIDFamily {
    /// Inserts the names in order and compares their ids.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        var names = NameTable()
        _ = try input.required("insert_in_order")
        for name in try input.strings("insert_in_order") { _ = names.id(for: name) }
        var expectation = try Expectation(vector.expect, of: vector)
        for entry in try expectation.samples("ids") {
            guard let id = entry.value.integer else { throw expectation.wrong("ids", "whole numbers", entry.value) }
            expectation.compare(
                "id of \(entry.key)", expected: String(id),
                got: names.existingID(of: entry.key).map { String($0) } ?? "none")
        }
        return try expectation.finish()
    }
}
