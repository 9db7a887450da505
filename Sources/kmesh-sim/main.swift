import Inputs
import Model
import Scenario
import Sim

let scenario = try Scenario(reading: CommandLine.arguments[1])
var runner = try ScenarioRunner(scenario, .init(preset: CommandLine.arguments.count > 2 ? Preset(rawValue: CommandLine.arguments[2]) : nil))
let result = try runner.run()
for step in result.steps {
    print(step.index, step.title)
    for fact in step.facts { print("   ", fact) }
    for group in step.groups {
        print("   ", group.count, group.finalName, group.reason, group.waypoint ?? "")
        for hook in group.trace { print("      ", hook.hook, hook.reason); for s in hook.steps { print("          ", s.what, s.key, "→", s.value) } }
    }
    for check in step.checks { print("   ", check.isMet ? "ok" : "FAILED", check.key, check.expected, "got", check.got) }
}
print(result.problems, result.notes, result.counters)
