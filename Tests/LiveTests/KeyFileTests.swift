import Glibc
import Model
import TestSupport
import Testing

@testable import Live

private let digits = "LclBDXzWsyRGG/FttRhkZZQnbFNiww/EduvKPxo5S27URiFh"

private func text(_ key: String = digits, spi: Int = 3, length: Int = 128) -> String {
    #"{"spi": \#(spi), "aeadKeyName": "rfc4106(gcm(aes))", "aeadKey": "\#(key)", "length": \#(length)}"#
}

extension ScratchDirectory {
    /// A file of a mode.
    fileprivate func write(_ text: String, to name: String, mode: mode_t) throws -> String {
        let path = try write(text, to: name)
        // The path is lent for the call.
        try #require(unsafe chmod(path, mode) == 0)
        return path
    }
}

@Test func theKeyIsTakenOutOfTheText() throws {
    for (name, written) in [("plain", digits), ("escaped", digits.replacing("/", with: "\\/"))] {
        var bytes = Array(text(written).utf8)
        let read = try KeyFile.key(parsing: &bytes, file: "f")
        #expect(read.spi == SPI(rawValue: 3), "\(name)")
        #expect(Digits.hexadecimal(read.key.bytes).hasPrefix("2dc9410d7cd6b324"), "\(name)")
        let left = String(decoding: bytes, as: UTF8.self)
        #expect(!left.contains("LclB") && left.contains("AAAA") && left.contains("rfc4106(gcm(aes))"), "\(name)")
    }
}

@Test(arguments: [
    ("a string that looks like the name", #"{"x": "aeadKey", "spi": 0}"#, "aeadKeyName"),
    ("twice", #"{"aeadKeyName": "rfc4106(gcm(aes))", "spi": 1, "aeadKey": "AAAA", "aeadKey": "BBBB"}"#, "aeadKey"),
    ("no string", #"{"aeadKeyName": "rfc4106(gcm(aes))", "spi": 1, "aeadKey": 12, "length": 128}"#, "20, 28 or 36"),
    ("cut off", #"{"aeadKey": "LclBDX"#, ""),
    ("wrong length", text("LclBDXzWsyRGG/Ft"), "20, 28 or 36"),
    ("no base64", text("LclB?"), "base64"),
    ("SPI 0", text(spi: 0), "from 1 to"),
    ("another ICV", text(length: 32), "128, 96 or 64"),
])
func badKeyFilesAreRefusedWithoutShowingTheKey(_ name: String, _ text: String, _ message: String) throws {
    var bytes = Array(text.utf8)
    let error = #expect(throws: (any Error).self, "\(name)") { try KeyFile.key(parsing: &bytes, file: "f") }
    let shown = "\(String(describing: error))"
    #expect((message.isEmpty || shown.contains(message)) && !shown.contains("LclB"), "\(name): \(shown)")
}

@Test func whoMayReadAndWriteTheFileCounts() throws {
    let scratch = try ScratchDirectory()
    #expect(try KeyFile(path: scratch.write(text(), to: "own", mode: 0o600)).isReadableByOthers == false)
    #expect(try KeyFile(path: scratch.write(text(), to: "read", mode: 0o644)).isReadableByOthers)
    let error = #expect(throws: AgentError.self) { try KeyFile(path: scratch.write(text(), to: "all", mode: 0o666)) }
    #expect(error?.isBadInput == true && "\(String(describing: error))".contains("chmod 600"))
    #expect(throws: AgentError.self) { try KeyFile(path: scratch.path(of: "none")) }
    #expect(throws: AgentError.self) { try KeyFile(path: scratch.path) }
}

@Test(arguments: [128, 192, 256])
func whatIsWrittenIsRead(_ bitCount: Int) throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "key.json")
    let key = try #require(try KeyFile.randomKey(bitCount: bitCount, spi: SPI(rawValue: 9), icvByteCount: 8))
    try KeyFile.write(key, to: path)
    let read = try KeyFile(path: path)
    #expect(read.key == key && !read.isReadableByOthers)
    var status = stat()
    // In bounds: the call fills the one value, and reads the path that it is lent.
    #expect(unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & 0o777 == 0o600)
    let other = try #require(try KeyFile.randomKey(bitCount: bitCount, spi: SPI(rawValue: 9)))
    #expect(KeyFile.fingerprint(of: other) != KeyFile.fingerprint(of: key))
    #expect(KeyFile.fingerprint(of: key).count == 16)
}

@Test func aKeyIsNotPutInThePlaceOfOneThatCameMeanwhile() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "key.json")
    let keys = try [1, 2].map {
        try #require(try KeyFile.randomKey(bitCount: 128, spi: SPI(rawValue: $0)))
    }
    // What a writer that was killed has left.
    try scratch.write("half a key", to: ".key.json.new")
    try KeyFile.writeNew(keys[0], to: path)
    let error = #expect(throws: KernelError.self) { try KeyFile.writeNew(keys[1], to: path) }
    #expect(error?.errno == EEXIST)
    #expect(try KeyFile(path: path).key == keys[0])
    try KeyFile.write(keys[1], to: path)
    #expect(try KeyFile(path: path).key == keys[1])
    // The path is lent for the call.
    #expect(unsafe access(scratch.path(of: ".key.json.new"), F_OK) == -1)
}

@Test func otherSizesOfKeysAreRefused() throws {
    for bitCount in [0, 64, 127, 512] {
        #expect(try KeyFile.randomKey(bitCount: bitCount, spi: SPI(rawValue: 1)) == nil)
    }
}

@Test func base64HasAllItsForms() {
    for (bytes, text) in [([], ""), ([0xfb], "+w=="), ([0xfb, 0xff], "+/8="), ([1, 2, 3], "AQID")]
        as [([UInt8], String)]
    {
        #expect(String(decoding: Base64Bytes.encoded(bytes), as: UTF8.self) == text)
        #expect(Base64Bytes.decoded(text.utf8.filter { $0 != UInt8(ascii: "=") }) == bytes)
    }
    #expect(Base64Bytes.decoded("-_8".utf8) == [0xfb, 0xff])
    #expect(Base64Bytes.decoded("?".utf8) == nil)
}

@Test func changesOfTheKeyFileWithinATenthOfASecondAreOne() throws {
    let scratch = try ScratchDirectory()
    let path = try scratch.write(text(), to: "key.json", mode: 0o600)
    var follower = try KeyFollower.start(path)
    let start: UInt64 = 1_000_000_000
    #expect(try follower.look(at: start) == .nothing)
    _ = try scratch.write(text(spi: 4), to: "key.json", mode: 0o600)
    #expect(try follower.look(at: start) == .nothing)
    #expect(follower.patience(at: start) == 101)
    _ = try scratch.write("{ bad", to: "key.json", mode: 0o600)
    #expect(try follower.look(at: start + 50_000_000) == .nothing)
    _ = try scratch.write(text(spi: 5), to: "key.json", mode: 0o600)
    guard case .key(let key) = try follower.look(at: start + 100_000_000) else {
        Issue.record("no key")
        return
    }
    #expect(key.spi == SPI(rawValue: 5) && follower.patience(at: start) == nil)
    // A bad file changes nothing, and is told once.
    for isFirst in [true, false] {
        _ = try scratch.write("{ bad", to: "key.json", mode: 0o600)
        _ = try follower.look(at: start)
        let news = try follower.look(at: start + 100_000_000)
        if case .bad = news { #expect(isFirst) } else { #expect(!isFirst && news == .nothing) }
        #expect(follower.key == key && follower.problem != nil)
    }
    _ = try scratch.write(text(spi: 5), to: "key.json", mode: 0o600)
    #expect(try follower.look(at: start, isThorough: true) == .nothing)
    #expect(follower.problem == nil)
}
