import KernelABI
import Model
import Testing

@testable import Live

private func sample(_ reason: Reason, rule: Bool = true) -> km_denial {
    var denial = km_denial()
    denial.source = MapAddress(.v4(0x0A00_0001))
    denial.destination = MapAddress(.v4(0x0A00_0002))
    (denial.source_port, denial.destination_port) = (4000, 80)
    denial.reason = UInt8(reason.code)
    denial.has_rule = rule ? 1 : 0
    (denial.identity, denial.policy_id, denial.rule) = (3, 9, 2)
    return denial
}

private func named(_ denial: km_denial) -> NamedDenial {
    NamedDenial(
        DenialRecord(denial), reportNames, principal: { $0 == 3 ? "td/ns/shop/sa/web" : nil },
        policy: { $0 == 9 ? "data/lock" : nil })
}

@Test func aDenialIsALineWithItsNames() {
    let line = named(sample(.deniedByPolicy)).line
    #expect(line.message == "denied")
    #expect(
        line.fields.map { "\($0.name)=\($0.value.text)" } == [
            "source=10.0.0.1:4000", "source_workload=shop/web-0", "principal=td/ns/shop/sa/web",
            "destination=10.0.0.2:80", "destination_workload=data/db-0", "reason=deniedByPolicy", "policy=data/lock",
            "rule=2",
        ])
    let bare = named(sample(.deniedByDefault, rule: false)).line
    #expect(bare.fields.map(\.name).suffix(2) == ["destination_workload", "reason"])
    #expect(named(sample(.dryRunDenies)).line.message == "a dry run differs")
    var unknown = sample(.deniedByPolicy)
    unknown.policy_id = 10
    #expect(named(unknown).policy == "10")
}

@Test func denialsAreCountedByOwnersWithinALimit() {
    var counters = DenialCounters(labelLimit: 1)
    for reason in [Reason.deniedByPolicy, .deniedByPolicy, .deniedByDefault, .policiesMissing] {
        counters.add(named(sample(reason)))
    }
    #expect(counters.sorted.map(\.count) == [2, 2])
    #expect(counters.sorted[0].labels.labels.map(\.value) == Array(repeating: "other", count: 6))
    #expect(
        counters.sorted[1].labels.labels.map(\.value) == [
            "web", "shop", "db-0", "data", "data/lock", "deniedByPolicy",
        ])
    counters.drop(workload: "web", namespace: "shop")
    #expect(counters.sorted.count == 1)
}
