import Model
import Sim

/// An option of the preset that made a difference to a connect.
struct DecidingOption: Hashable, Sendable {
    /// The name, with its row in the table of differences where it has one: `unlistedPort (H3)`.
    let name: String
    /// What the preset sets it to.
    let value: String
}

extension ConnectionGroup {
    /// In the order in which the connect hook met them, each once. Hooks that run later decide nothing any more.
    var decidingOptions: [DecidingOption] {
        var options: [DecidingOption] = []
        for hook in trace where hook.hook == .connect4 || hook.hook == .connect6 {
            for step in hook.steps where step.what == "option" {
                let option = DecidingOption(name: step.key, value: step.value)
                if !options.contains(option) { options.append(option) }
            }
        }
        return options
    }
}
