import Model
import Testing

@Suite struct OptionNameTests {
    @Test(arguments: OptionName.allCases)
    func eachChoiceIsSetAndReadByName(_ option: OptionName) {
        let choices = DataplaneOptions.choices(of: option)
        #expect(choices.count >= 2 && Set(choices).count == choices.count)
        for choice in choices {
            var options = DataplaneOptions.hardened
            let isSet = options.set(option, to: choice)
            #expect(isSet && options.value(of: option) == choice)
            // Nothing else changed.
            let isReset = options.set(option, to: DataplaneOptions.hardened.value(of: option))
            #expect(isReset && options == .hardened)
        }
        var options = DataplaneOptions.hardened
        let isSet = options.set(option, to: "nonsense")
        #expect(!isSet && options == .hardened)
    }

    @Test func presetsDifferInEachOption() {
        var options = DataplaneOptions.hardened
        for option in OptionName.allCases {
            let upstream = DataplaneOptions.upstream.value(of: option)
            #expect(upstream != DataplaneOptions.hardened.value(of: option), "\(option)")
            let isSet = options.set(option, to: upstream)
            #expect(isSet)
        }
        options.capacities = .upstream
        #expect(options == .upstream)
        #expect(DataplaneOptions(.upstream) == .upstream && DataplaneOptions(.hardened) == .hardened)
    }
}
