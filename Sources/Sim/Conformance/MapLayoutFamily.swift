import Inputs
import Model

/// The family `map-layout`: how map entries hold an address.
enum MapLayoutFamily {
    /// Compares the bytes.
    static func differences(in vector: ConformanceCase) throws(InputError) -> [Difference] {
        var input = try vector.inputFields()
        _ = try input.required("ip")
        guard let address = try input.address("ip") else { throw vector.problem("\"ip\" is missing") }
        let bytes = layoutBytes(of: MapAddress(address))
        var expectation = try Expectation(vector.expect, of: vector)
        try expectation.compareText("bytes_hex", with: Digits.hexadecimal(bytes)) { $0.lowercased() }
        return try expectation.finish()
    }
}
