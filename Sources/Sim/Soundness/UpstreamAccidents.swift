import Model

/// What an engine does otherwise than the reference, each by itself: with none of them it gives the reference's
/// verdict, with all of its own that of upstream's engine.
struct UpstreamAccidents: OptionSet, Hashable {
    let rawValue: UInt32

    // Which policies are looked at.
    /// The first four that a workload lists.
    static let policyLimit = UpstreamAccidents(rawValue: 1 << 0)
    /// None of those that apply by their scope.
    static let scope = UpstreamAccidents(rawValue: 1 << 1)
    /// None behind one that km_authz_policy does not hold.
    static let missingPolicy = UpstreamAccidents(rawValue: 1 << 2)
    /// None behind one without rules, which passes.
    static let emptyPolicy = UpstreamAccidents(rawValue: 1 << 3)
    /// In the order of the list, not DENY first.
    static let order = UpstreamAccidents(rawValue: 1 << 4)
    /// None where km_frontend or km_wlpolicy leads nowhere.
    static let unreached = UpstreamAccidents(rawValue: 1 << 5)
    /// Those of the last by uid that has the address.
    static let otherOwner = UpstreamAccidents(rawValue: 1 << 6)
    /// Dry runs too.
    static let dryRun = UpstreamAccidents(rawValue: 1 << 7)

    // Who the ends are.
    /// Workloads of other networks than "" are not known.
    static let network = UpstreamAccidents(rawValue: 1 << 8)
    /// The source is the last by uid that has the address.
    static let otherClient = UpstreamAccidents(rawValue: 1 << 9)
    /// A source without identity has one of empty names.
    static let unknownSource = UpstreamAccidents(rawValue: 1 << 10)

    // What is looked at of a policy.
    /// The first rule.
    static let firstRule = UpstreamAccidents(rawValue: 1 << 11)
    /// Four clauses, matches and ports.
    static let fourParts = UpstreamAccidents(rawValue: 1 << 12)
    /// The first block of a list.
    static let firstBlock = UpstreamAccidents(rawValue: 1 << 13)
    /// Excluded blocks alone never hold.
    static let excludedBlocks = UpstreamAccidents(rawValue: 1 << 14)
    /// Blocks are compared with the words of a key that does not tell its family; those of IPv6 are packed wrongly.
    static let packedBlocks = UpstreamAccidents(rawValue: 1 << 15)
    /// IPv4-mapped blocks are IPv4.
    static let mappedBlocks = UpstreamAccidents(rawValue: 1 << 16)
    /// No namespaces and principals.
    static let names = UpstreamAccidents(rawValue: 1 << 17)
    /// An ALLOW that missed passes where a match that failed has names, which are not looked at.
    static let handOver = UpstreamAccidents(rawValue: 1 << 18)
    /// No service accounts.
    static let serviceAccounts = UpstreamAccidents(rawValue: 1 << 19)
    /// Any name is no name, and an empty beginning or end too.
    static let presence = UpstreamAccidents(rawValue: 1 << 20)
    /// A match that names nothing holds, a clause without matches does not.
    static let emptyParts = UpstreamAccidents(rawValue: 1 << 21)

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Those of the XDP program while policies are offloaded.
    static let xdp: UpstreamAccidents = [
        .policyLimit, .scope, .missingPolicy, .emptyPolicy, .order, .unreached, .otherOwner, .dryRun, .firstRule,
        .fourParts, .firstBlock, .excludedBlocks, .packedBlocks, .names, .handOver, .serviceAccounts, .emptyParts,
    ]
    /// Those of user space.
    static let userSpace: UpstreamAccidents = [
        .otherOwner, .network, .otherClient, .unknownSource, .dryRun, .mappedBlocks, .serviceAccounts, .presence,
    ]

    /// Each with the rule that reports it and what upstream does, as a clause; in the order in which they are tried as
    /// causes.
    static let all: [(accident: UpstreamAccidents, rule: SoundnessRule, text: String)] = [
        (.unreached, .authzUnreached, "it does not find the policies of the workload"),
        (.otherOwner, .authzSharedAddress, "it takes a shared address for the last workload that has it"),
        (.otherClient, .authzSharedAddress, "it takes a shared address for the last workload that has it"),
        (.network, .authzNetwork, "it knows workloads of network \"\" only"),
        (.policyLimit, .authzPolicyLimit, "it looks at the first four policies that a workload lists"),
        (.missingPolicy, .authzMissingPolicy, "its walk through the policies ends at one that is not there"),
        (.emptyPolicy, .authzEmptyPolicy, "its walk through the policies ends with a pass at one without rules"),
        (.order, .authzOrder, "the first policy that matches decides, whatever DENY comes behind it"),
        (.dryRun, .authzDryRun, "it does not read the mark of dry runs"),
        (.scope, .authzScope, "it looks only at policies that a workload lists, at none that apply by scope"),
        (.firstRule, .authzFirstRule, "it looks at the first rule of a policy only"),
        (.fourParts, .authzFourParts, "it looks at four clauses of a rule, four matches and four ports only"),
        (.firstBlock, .authzFirstBlock, "it looks at the first address block of a list only"),
        (.excludedBlocks, .authzExcludedBlocks, "a match that only excludes address blocks never holds"),
        (.packedBlocks, .authzIPv6Blocks, "it packs IPv6 blocks wrongly and does not tell the families apart"),
        (.mappedBlocks, .authzIPv6Blocks, "it takes IPv4-mapped blocks for IPv4"),
        (.serviceAccounts, .authzServiceAccounts, "its schema has no service accounts"),
        (.handOver, .authzHandOver, "an ALLOW that misses passes when a match that fails has names"),
        (.names, .authzNames, "it does not look at namespaces and principals"),
        (.presence, .authzPresence, "any name is read as no name"),
        (.unknownSource, .authzUnknownSource, "a source without identity has one of empty names"),
        (.emptyParts, .authzEmptyParts, "a match that names nothing holds, and a clause without matches does not"),
    ]
}
