internal import CLinux
import Crypto
import Glibc
import Inputs
public import Model

/// Kmesh's key file, read and written so that no copy of the key stays in memory but the key itself.
public struct KeyFile: Hashable, Sendable {
    public var key: EncryptionKey
    /// Whether its group or everybody may read it.
    public var isReadableByOthers: Bool

    /// No key file is as large.
    private static let sizeLimit = 1 << 16

    /// Reads a file.
    /// - Throws: `.input` for a file that is no key file, cannot be read, or that others may write.
    public init(path: String) throws(AgentError) {
        var bytes: [UInt8] = []
        do throws(InputError) {
            let mode: mode_t
            (bytes, mode) = try Self.contents(of: path)
            defer { wipe(&bytes) }
            guard mode & 0o022 == 0 else {
                throw InputError(
                    path, nil,
                    "may be written by its group or by everybody, who could choose the key; chmod 600 \(path)")
            }
            isReadableByOthers = mode & 0o044 != 0
            key = try Self.key(parsing: &bytes, file: path)
        } catch {
            throw .input(error)
        }
    }

    private static func contents(of path: String) throws(InputError) -> (bytes: [UInt8], mode: mode_t) {
        // The path is lent for the call.
        let raw = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard raw >= 0 else { throw InputError(path, nil, "cannot be read: \(KernelError.last("", path).reason)") }
        let file = Descriptor(adopting: raw)
        var status = stat()
        // In bounds: fstat fills the one value.
        guard unsafe fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw InputError(path, nil, "is not a file")
        }
        guard status.st_size <= sizeLimit else { throw InputError(path, nil, "is too large for a key file") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            // In bounds: what is left of the array.
            let read = file.withRaw { raw in
                unsafe bytes.withUnsafeMutableBytes {
                    unsafe pread(raw, $0.baseAddress?.advanced(by: count), $0.count - count, count)
                }
            }
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { throw InputError(path, nil, "cannot be read: it changed meanwhile") }
            count += read
        }
        return (bytes, status.st_mode)
    }

    /// Reads a text. The key is taken out of it before anything else looks at it: what parses the rest makes copies.
    /// - Parameter bytes: The text; the key's digits are overwritten.
    static func key(parsing bytes: inout [UInt8], file: String) throws(InputError) -> EncryptionKey {
        var secret = takeKey(from: &bytes)
        // Moved out, since only the one holder of an array can wipe it.
        defer { if var left = secret.take() { wipe(&left) } }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError(file, nil, "is not UTF-8 text")
        }
        let read = try EncryptionKeyFile.key(parsing: text, file: file)
        guard var bytes = secret.take() else { return read }
        defer { wipe(&bytes) }
        guard let key = AEADKey(bytes: bytes, icvByteCount: read.key.icvByteCount) else {
            preconditionFailure("\(bytes.count) bytes in the place of \(read.key.bytes.count)")
        }
        return EncryptionKey(spi: read.spi, key: key)
    }

    /// Decodes the value of `aeadKey` and writes the digit `A` over each of its digits.
    /// - Returns: nil, and nothing is changed, where there is not one such value with digits of Base64 only.
    private static func takeKey(from bytes: inout [UInt8]) -> [UInt8]? {
        let values = strings(named: "aeadKey", in: bytes)
        guard values.count == 1, let value = values.first, let places = digits(in: bytes, value) else { return nil }
        var digits: [UInt8] = []
        digits.reserveCapacity(places.count)
        for place in places { digits.append(bytes[place]) }
        defer { wipe(&digits) }
        guard let secret = Base64Bytes.decoded(digits) else { return nil }
        // A slash behind a backslash tells nothing, and `\A` would be no JSON.
        for place in places where place == value.lowerBound || bytes[place - 1] != UInt8(ascii: "\\") {
            bytes[place] = UInt8(ascii: "A")
        }
        return secret
    }

    /// The places of the digits of Base64 in a string of JSON; nil where it has something else but padding.
    private static func digits(in bytes: [UInt8], _ value: Range<Int>) -> [Int]? {
        var places: [Int] = []
        for place in value {
            let isEscape =
                bytes[place] == UInt8(ascii: "\\") && place + 1 < value.upperBound
                && bytes[place + 1] == UInt8(ascii: "/")
            if isEscape || bytes[place] == UInt8(ascii: "=") { continue }
            guard Base64Bytes.value(of: bytes[place]) != nil else { return nil }
            places.append(place)
        }
        return places
    }

    /// The places of the strings that are values of a name in JSON, without their quotes.
    private static func strings(named name: String, in bytes: [UInt8]) -> [Range<Int>] {
        let quote = UInt8(ascii: "\"")
        /// The end of the string that begins after a quote.
        func end(of start: Int) -> Int? {
            var index = start
            while index < bytes.count, bytes[index] != quote { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
            return index < bytes.count ? index : nil
        }
        func next(_ wanted: UInt8, after index: Int) -> Int? {
            let blank = Array(" \t\r\n".utf8)
            guard let found = bytes[min(index, bytes.count)...].firstIndex(where: { !blank.contains($0) }),
                bytes[found] == wanted
            else { return nil }
            return found + 1
        }
        var places: [Range<Int>] = []
        var index = 0
        while let opening = bytes[min(index, bytes.count)...].firstIndex(of: quote), let close = end(of: opening + 1) {
            index = close + 1
            guard bytes[(opening + 1)..<close].elementsEqual(name.utf8),
                let colon = next(UInt8(ascii: ":"), after: index), let start = next(quote, after: colon),
                let last = end(of: start)
            else { continue }
            places.append(start..<last)
            index = last + 1
        }
        return places
    }

    // MARK: Showing

    /// Tells keys apart and nothing of them: the first half of a digest's first half, in hexadecimal.
    public static func fingerprint(of key: EncryptionKey) -> String {
        var bytes = Array("kmesh key fingerprint".utf8)
        bytes.reserveCapacity(bytes.count + key.key.byteCount)
        var secret = key.key.bytes
        bytes += secret
        defer {
            wipe(&secret)
            wipe(&bytes)
        }
        return Digits.hexadecimal(SHA512.digest(of: bytes).prefix(8).map { $0 })
    }

    /// The key itself, as the file has it.
    public static func revealed(_ key: EncryptionKey) -> String {
        String(decoding: Base64Bytes.encoded(key.key.bytes), as: UTF8.self)
    }

    // MARK: Writing

    /// Whether there is a file.
    public static func isThere(_ path: String) -> Bool {
        // The path is lent for the call.
        unsafe access(path, F_OK) == 0
    }

    /// Writes a key file (mode 0600), in the place of what is there.
    public static func write(_ key: EncryptionKey, to path: String) throws(KernelError) {
        try write(key, to: path, place: .any)
    }

    /// Writes a key file (mode 0600) where there is none.
    /// - Throws: EEXIST where there is one; it stays.
    public static func writeNew(_ key: EncryptionKey, to path: String) throws(KernelError) {
        try write(key, to: path, place: .empty)
    }

    private static func write(
        _ key: EncryptionKey, to path: String, place: ReplacedFile.Place
    ) throws(KernelError) {
        var secret = key.key.bytes
        var digits = Base64Bytes.encoded(secret)
        wipe(&secret)
        let before = "{\"spi\": \(key.spi.rawValue), \"aeadKeyName\": \"\(AEADKey.algorithm)\", \"aeadKey\": \""
        let after = "\", \"length\": \(key.key.icvByteCount * 8)}\n"
        var text: [UInt8] = []
        text.reserveCapacity(before.utf8.count + digits.count + after.utf8.count)
        text += before.utf8
        text += digits
        text += after.utf8
        wipe(&digits)
        defer { wipe(&text) }
        try ReplacedFile.write(text, to: path, mode: 0o600, place: place)
    }

    /// A key of random bytes from the kernel.
    /// - Parameter bitCount: Of the AES key: 128, 192 or 256.
    /// - Returns: nil for another size.
    public static func randomKey(
        bitCount: Int, spi: SPI, icvByteCount: Int = 16
    ) throws(KernelError) -> EncryptionKey? {
        var bytes = [UInt8](repeating: 0, count: bitCount / 8 + AEADKey.saltByteCount)
        defer { wipe(&bytes) }
        guard bitCount % 8 == 0, AEADKey.byteCounts.contains(bytes.count) else { return nil }
        // In bounds: the array's size. So few bytes come all at once.
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe getrandom($0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw .last("get", "random bytes") }
        return AEADKey(bytes: bytes, icvByteCount: icvByteCount).map { EncryptionKey(spi: spi, key: $0) }
    }
}
