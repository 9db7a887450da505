import Inputs
import Model

extension ExpectationReader {
    /// What is said about encryption, put into an expectation.
    func readEncryption(
        _ section: inout Section<ExpectationKey>, into result: inout StepExpectation
    ) throws(InputError) {
        if let node = section.node(.encryption) {
            result.encryption = Located(
                try encryption(node, section.scalar(.encryption)), at: Place(file, node.position))
        }
        result.loss = try counts(.loss, &section)
        result.leaks = try counts(.leaks, &section)
        if let node = section.node(.drop) {
            let drop: ExpectedDrop? = try section.choice(.drop)
            result.drop = drop.map { Located($0, at: Place(file, node.position)) }
        }
        if let node = section.node(.nodeErrors) {
            let error: ExpectedNodeError? = try section.choice(.nodeErrors)
            result.nodeErrors = error.map { Located($0, at: Place(file, node.position)) }
        }
        result.published = try published(&section)
        result.states = try states(&section)
    }

    private func counts(
        _ key: ExpectationKey, _ section: inout Section<ExpectationKey>
    ) throws(InputError) -> Located<CountRange>? {
        guard let node = section.node(key) else { return nil }
        return Located(try section.scalar(key).count(node), at: Place(file, node.position))
    }

    /// `encrypted`, `clear`, `none`, or a mapping with more about it.
    private func encryption(_ node: DocumentNode, _ scalar: Scalar) throws(InputError) -> ExpectedEncryption {
        var result = ExpectedEncryption()
        guard case .mapping(let entries) = node.value else {
            guard let wire = node.text.flatMap(ExpectedEncryption.Wire.init(rawValue:)) else {
                throw scalar.error(node, mustBe: "encrypted, clear, none or a mapping")
            }
            result.wire = wire
            return result
        }
        guard !entries.isEmpty else { throw scalar.place(node).error("\"encryption\" expects nothing") }
        var section = try Section<ExpectedEncryptionKey>(node, file: file, what: "encryption")
        result.wire = try section.choice(.wire)
        result.spi = try section.integer(.spi, in: 1...Int(UInt32.max)).map { SPI(rawValue: UInt32($0)) }
        result.peer = try section.name(.peer)
        try section.finish()
        if let wire = result.wire, wire != .encrypted, result.spi != nil || result.peer != nil {
            throw section.place.error("\"spi\" and \"peer\" are of what is encrypted")
        }
        return result
    }

    private func published(
        _ section: inout Section<ExpectationKey>
    ) throws(InputError) -> [StepExpectation.PublishedSPI]? {
        guard let node = section.node(.published) else { return nil }
        let scalar = section.scalar(.published)
        var result: [StepExpectation.PublishedSPI] = []
        for entry in try scalar.entries(node) {
            let name = scalar.name(keyOf: entry)
            if entry.value.text == "none" {
                result.append(.init(node: name, spi: nil))
                continue
            }
            guard let number = entry.value.integer, let spi = UInt32(exactly: number), spi > 0 else {
                throw Scalar(entry.key, file: file).error(entry.value, mustBe: "an SPI or none")
            }
            result.append(.init(node: name, spi: SPI(rawValue: spi)))
        }
        return result
    }

    private func states(
        _ section: inout Section<ExpectationKey>
    ) throws(InputError) -> [StepExpectation.Counter]? {
        guard let node = section.node(.states) else { return nil }
        let scalar = section.scalar(.states)
        var result: [StepExpectation.Counter] = []
        for entry in try scalar.entries(node) {
            let counts = try Scalar(entry.key, file: file).count(entry.value)
            result.append(.init(name: scalar.name(keyOf: entry), counts: counts))
        }
        return result
    }
}
