import Model
import Testing

/// Walks over a chain of headers, each 8 bytes, given as what it is and, of fragment headers, offset and more flag.
private func walk(_ headers: [(IPProtocol, UInt16)], to last: IPProtocol, until goal: HeaderChain.Goal) throws
    -> HeaderChain
{
    var bytes = [UInt8](repeating: 0xee, count: 40)
    for (index, (kind, field)) in headers.enumerated() {
        let next = index + 1 < headers.count ? headers[index + 1].0 : last
        let isFragment = kind == .fragment
        bytes += [next.rawValue, 0, isFragment ? UInt8(field >> 8) : 0, isFragment ? UInt8(field & 0xff) : 0]
        bytes += [0, 0, 0, UInt8(index)]
    }
    bytes += [UInt8](repeating: 0x5a, count: 16)
    // Bytes have no padding that could be uninitialized.
    return try HeaderChain(
        walking: unsafe bytes.span.bytes, from: 40, to: bytes.count, first: headers.first?.0 ?? last, family: .v6,
        until: goal)
}

struct ChainCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let headers: [(IPProtocol, UInt16)]
    /// Where a walk to a fragment ends, and what is there; all of them lead to ESP.
    let next: IPProtocol
    let offset: Int
    var predecessor: Int?
    var isFragment = true
    /// Of a walk to the transport header; nil for the same.
    var transportOffset: Int?
}

@Test(arguments: [
    ChainCase(testDescription: "none", headers: [], next: .esp, offset: 40, isFragment: false),
    ChainCase(
        testDescription: "options", headers: [(.destinationOptions, 0)], next: .esp, offset: 48, isFragment: false),
    ChainCase(testDescription: "a first fragment", headers: [(.fragment, 1)], next: .esp, offset: 48),
    ChainCase(testDescription: "a later fragment", headers: [(.fragment, 64)], next: .esp, offset: 48),
    ChainCase(
        testDescription: "options in front of a first fragment", headers: [(.hopByHop, 0), (.fragment, 1)], next: .esp,
        offset: 56, predecessor: 40),
    ChainCase(
        testDescription: "options behind a first fragment's header",
        headers: [(.fragment, 1), (.destinationOptions, 0)],
        next: .destinationOptions, offset: 48, transportOffset: 56),
    ChainCase(
        testDescription: "options on both sides",
        headers: [(.hopByHop, 0), (.destinationOptions, 0), (.fragment, 1), (.destinationOptions, 0)],
        next: .destinationOptions, offset: 64, predecessor: 48, transportOffset: 72),
    ChainCase(
        testDescription: "an atomic fragment", headers: [(.fragment, 0), (.destinationOptions, 0)], next: .esp,
        offset: 56, isFragment: false),
    ChainCase(
        testDescription: "a first fragment behind an atomic one", headers: [(.fragment, 0), (.fragment, 1)], next: .esp,
        offset: 56, predecessor: 40),
    ChainCase(
        testDescription: "of two first fragments the outer one", headers: [(.fragment, 1), (.fragment, 1)],
        next: .fragment, offset: 48, transportOffset: 56),
])
func aWalkMayEndBehindTheFragmentHeader(_ row: ChainCase) throws {
    let found = try walk(row.headers, to: .esp, until: .fragment)
    #expect(found.next == row.next && found.offset == row.offset)
    #expect((found.fragment != nil) == row.isFragment)
    if row.isFragment { #expect(found.fragmentPredecessor == row.predecessor) }
    let whole = try walk(row.headers, to: .esp, until: .transport)
    #expect(whole.next == .esp && whole.offset == row.transportOffset ?? row.offset)
    #expect((whole.fragment != nil) == row.isFragment)
}

/// Behind a later fragment's header there are no headers, whatever is asked for.
@Test func aLaterFragmentEndsEveryWalk() throws {
    for goal in [HeaderChain.Goal.transport, .fragment] {
        let found = try walk([(.hopByHop, 0), (.fragment, 64), (.destinationOptions, 0)], to: .esp, until: goal)
        #expect(found.next == .destinationOptions && found.offset == 56 && found.fragment?.byteOffset == 64)
        #expect(found.fragmentPredecessor == 40)
    }
}
