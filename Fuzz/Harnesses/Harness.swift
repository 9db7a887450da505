import Glibc

/// What can be fuzzed, by the name that is the program's first argument.
enum Harness: String, CaseIterable {
    case pcap, pcapng, packet, esp, decrypt, replay, xfrm

    /// Hands one input to the parser. Nothing may trap, and nothing may take long.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .pcap, .pcapng: readCapture(bytes)
        case .packet: parsePacket(bytes)
        case .esp: openESP(bytes)
        case .decrypt: decryptPackets(bytes)
        case .replay: replayPackets(bytes)
        case .xfrm: readEncryptionFile(bytes)
        }
    }
}

/// Set once, before the first input.
nonisolated(unsafe) private var chosen = Harness.pcap

/// libFuzzer's first call: takes the harness's name from the arguments, of which libFuzzer reads the others.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
    guard CommandLine.arguments.count > 1, let harness = Harness(rawValue: CommandLine.arguments[1]) else {
        print("usage: fuzz \(Harness.allCases.map(\.rawValue).joined(separator: "|")) [OPTION|FOLDER|FILE]...")
        exit(2)
    }
    unsafe chosen = harness
    // In bounds: there are two arguments at least. The program's name takes the place of the harness's.
    unsafe arguments.pointee[1] = arguments.pointee[0]
    unsafe arguments.pointee += 1
    unsafe count.pointee -= 1
    return 0
}

/// libFuzzer's call for every input.
@_cdecl("LLVMFuzzerTestOneInput")
func runOnce(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // In bounds: libFuzzer gives as many bytes as it says. A copy, so that a read beyond it is found.
    unsafe chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
