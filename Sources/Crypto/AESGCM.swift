import CCrypto

/// AES-GCM under one key in one direction. It owns a context of libcrypto, set up once: making one for each packet takes
/// five times as long as its encryption. libcrypto wipes the key with the context.
/// Source: NIST SP 800-38D.
@safe
struct AESGCM: ~Copyable {
    enum Direction: CInt {
        case opening = 0
        case sealing = 1
    }

    private let context: OpaquePointer

    /// - Parameter key: 16, 24 or 32 bytes.
    init(key: [UInt8], _ direction: Direction) throws(CryptoError) {
        let cipher =
            switch key.count {
            case 16: unsafe EVP_aes_128_gcm()
            case 24: unsafe EVP_aes_192_gcm()
            case 32: unsafe EVP_aes_256_gcm()
            default: preconditionFailure("an AES key of \(key.count) bytes")
            }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .unavailable("EVP_CIPHER_CTX_new") }
        // In bounds: reads as many bytes of the key as the cipher chosen by its size needs.
        guard unsafe EVP_CipherInit_ex(context, cipher, nil, key, nil, direction.rawValue) == 1 else {
            unsafe EVP_CIPHER_CTX_free(context)
            throw .unavailable("EVP_CipherInit_ex")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Encrypts in place.
    /// - Parameters:
    ///   - nonce: 12 bytes, never twice under one key.
    ///   - tag: Gets the ICV: 16, 12 or 8 bytes.
    @unsafe
    borrowing func seal(
        _ text: UnsafeMutableRawBufferPointer, nonce: UnsafeRawPointer, authenticated: UnsafeRawBufferPointer,
        tag: UnsafeMutableRawBufferPointer
    ) {
        unsafe process(text, nonce: nonce, authenticated: authenticated)
        var count: CInt = 0
        // GCM has nothing left to write; the pointer is not used.
        unsafe check(EVP_EncryptFinal_ex(context, nil, &count))
        unsafe check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CInt(tag.count), tag.baseAddress))
    }

    /// Decrypts in place.
    /// - Parameter tag: The ICV that came with the bytes; 16, 12 or 8 bytes.
    /// - Returns: Whether it is right. Where it is wrong the text is worthless.
    @unsafe
    borrowing func open(
        _ text: UnsafeMutableRawBufferPointer, nonce: UnsafeRawPointer, authenticated: UnsafeRawBufferPointer,
        tag: UnsafeRawBufferPointer
    ) -> Bool {
        // libcrypto reads the tag and does not write it.
        let expected = unsafe UnsafeMutableRawPointer(mutating: tag.baseAddress)
        unsafe check(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CInt(tag.count), expected))
        unsafe process(text, nonce: nonce, authenticated: authenticated)
        var count: CInt = 0
        return unsafe EVP_DecryptFinal_ex(context, nil, &count) == 1
    }

    @unsafe
    private borrowing func process(
        _ text: UnsafeMutableRawBufferPointer, nonce: UnsafeRawPointer, authenticated: UnsafeRawBufferPointer
    ) {
        var count: CInt = 0
        let bytes = unsafe text.assumingMemoryBound(to: UInt8.self)
        let header = unsafe authenticated.assumingMemoryBound(to: UInt8.self)
        // In bounds: 12 bytes of nonce, and as many bytes of header and text as are given; -1 keeps the direction.
        unsafe check(
            EVP_CipherInit_ex(context, nil, nil, nil, nonce.assumingMemoryBound(to: UInt8.self), -1))
        unsafe check(EVP_CipherUpdate(context, nil, &count, header.baseAddress, CInt(header.count)))
        unsafe check(EVP_CipherUpdate(context, bytes.baseAddress, &count, bytes.baseAddress, CInt(bytes.count)))
    }

    /// Cannot fail once the key is set: sizes are right, and nothing is allocated.
    @inline(__always)
    private borrowing func check(_ status: CInt) {
        precondition(status == 1, "libcrypto refused a step of AES-GCM")
    }
}
