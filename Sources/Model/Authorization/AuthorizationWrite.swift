public import KernelABI

/// One element of the list that brings compiled policies into the maps. Writes are applied in order.
public enum AuthorizationWrite: Sendable {
    case putIdentity(MapAddress, IdentityValue)
    case deleteIdentity(MapAddress)
    /// A new entry; one that is there is deleted before, with a barrier between.
    case putDestination(MapAddress, AuthorizationDestination)
    case deleteDestination(MapAddress)
    case setSlot(Int, AuthorizationSlot)
    case setView(Int, AuthorizationView)
    /// Side by side, from an index on; likewise the next.
    case setRows(Int, [AuthorizationRow])
    case setRanges(Int, [AuthorizationRange])
    case setRanges6(Int, [AuthorizationRange6])
    case setRules(Int, [AuthorizationRule])
    /// No lookup that began before the barrier goes on after it.
    case barrier
    /// Verdicts of earlier generations count no more.
    case setGeneration(UInt32)
}
