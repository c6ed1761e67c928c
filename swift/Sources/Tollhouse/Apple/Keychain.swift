#if canImport(Security)
    import Foundation
    import Security

    /// Keys that the app's user brought, in the keychain of this device. They are in no backup and on no other device.
    ///
    /// ```swift
    /// let keychain = Keychain(service: "com.example.chat")
    /// try keychain.store("sk-…", for: "openai")
    /// let gateway = try Gateway(keys: keychain)
    /// ```
    public struct Keychain: TokenBroker {
        /// Under which name the keys are kept; a provider's slug is the account.
        public let service: String

        public init(service: String) {
            self.service = service
        }

        public func token(for provider: String) async throws -> Token? {
            var query = item(provider)
            query[kSecReturnData] = true
            query[kSecMatchLimit] = kSecMatchLimitOne
            var found: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &found)
            if status == errSecItemNotFound { return nil }
            try check(status)
            guard let bytes = found as? Data else { return nil }
            return Token(String(decoding: bytes, as: UTF8.self))
        }

        /// Keeps a key in the place of the one that was there, which stays if this fails.
        public func store(_ key: Secret, for provider: String) throws {
            let attributes: [CFString: Any] = [
                kSecValueData: Data(key.exposed.utf8),
                kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
            ]
            let status = SecItemUpdate(item(provider) as CFDictionary, attributes as CFDictionary)
            guard status == errSecItemNotFound else { return try check(status) }
            let added = item(provider).merging(attributes) { _, new in new }
            try check(SecItemAdd(added as CFDictionary, nil))
        }

        /// Forgets a key. One that is not there is no error.
        public func remove(_ provider: String) throws {
            let status = SecItemDelete(item(provider) as CFDictionary)
            if status != errSecItemNotFound { try check(status) }
        }

        private func item(_ provider: String) -> [CFString: Any] {
            [kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: provider]
        }

        private func check(_ status: OSStatus) throws {
            guard status != errSecSuccess else { return }
            let words = SecCopyErrorMessageString(status, nil) as String? ?? "status \(status)"
            throw TollhouseError.storage(.init(detail: "the keychain does not give the key: \(words)", source: .caller))
        }
    }
#endif
