import Model
import Testing

@Suite struct SplitMix64Tests {
    @Test(
        arguments: [
            (0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F, 0xF88B_B8A8_724C_81EC]),
            (1_234_567, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]),
        ] as [(UInt64, [UInt64])])
    func outputsAreThePublishedOnes(seed: UInt64, wanted: [UInt64]) {
        var generator = SplitMix64(seed: seed)
        let numbers = wanted.map { _ in generator.next() }
        #expect(numbers == wanted)
        generator = SplitMix64(seed: seed)
        let draws = wanted.map { _ in generator.draw() }
        #expect(draws == wanted.map { UInt32($0 >> 32) })
    }

    @Test func theStateWraps() {
        var generator = SplitMix64(seed: .max)
        _ = generator.next()
        #expect(generator.state == 0x9E37_79B9_7F4A_7C14)
    }
}
