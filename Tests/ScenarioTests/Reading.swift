import Inputs
import Scenario

/// A scenario of a name and these steps; the steps begin at line 3, column 1.
func scenario(steps: String) throws(InputError) -> Scenario {
    try Scenario(text: "name: t\nsteps:\n\(steps)\n", file: "t.yaml")
}

/// What is wrong with a scenario, empty when nothing is.
func problem(in text: String) -> String {
    do {
        _ = try Scenario(text: text, file: "t.yaml")
        return ""
    } catch {
        return error.description
    }
}

/// The same of a name and these steps, which begin at line 3, column 1.
func problem(inSteps steps: String) -> String { problem(in: "name: t\nsteps:\n\(steps)\n") }
