internal import TollhouseNative

/// Brings the key of a provider when it is needed: from a keychain, or from a server of yours that knows the app's user. An app that
/// is shipped holds no key of a provider.
public protocol TokenBroker: Sendable {
    /// The key for `provider` (a slug such as `openai`), or nil to call it without one. What it throws ends this attempt before
    /// anything is sent. The call tells the words of a ``TollhouseError``, and of other errors their type alone.
    func token(for provider: String) async throws -> Token?
}

/// A key on its way in. It shows as `set` wherever it is printed.
public struct Token: Sendable, Hashable {
    /// The key, without `Bearer`.
    public var secret: Secret
    /// How long it holds. Without it every call asks again.
    public var lifetime: Duration?

    public init(_ secret: Secret, lifetime: Duration? = nil) {
        self.secret = secret
        self.lifetime = lifetime
    }

    public init(_ secret: String, lifetime: Duration? = nil) {
        self.init(Secret(secret), lifetime: lifetime)
    }
}

/// A broker made of a function.
///
/// ```swift
/// let gateway = try Gateway(keys: Broker { provider in try await fetchToken(provider) })
/// ```
public struct Broker: TokenBroker {
    private let bring: @Sendable (String) async throws -> Token?

    public init(_ bring: @escaping @Sendable (String) async throws -> Token?) {
        self.bring = bring
    }

    public func token(for provider: String) async throws -> Token? {
        try await bring(provider)
    }
}

/// A broker for each provider. Those that are not named are called without a key.
public struct Brokers: TokenBroker, ExpressibleByDictionaryLiteral {
    private let brokers: [String: any TokenBroker]

    public init(_ brokers: [String: any TokenBroker]) {
        self.brokers = brokers
    }

    public init(dictionaryLiteral brokers: (String, any TokenBroker)...) {
        self.brokers = Dictionary(brokers) { _, last in last }
    }

    public func token(for provider: String) async throws -> Token? {
        try await brokers[provider]?.token(for: provider)
    }
}

/// A broker as core asks it.
final class Brokered: TollhouseNative.TokenBroker, Callback {
    private let broker: Locked<(any TokenBroker)?>

    init(_ broker: any TokenBroker) {
        self.broker = Locked(broker)
    }

    func letGo() {
        broker.withLock { $0 = nil }
    }

    func token(provider: String) async throws -> TollhouseNative.Token? {
        let token = try await callback("the token broker", TollhouseError.connect) {
            guard let broker = self.broker.withLock({ $0 }) else { throw gone }
            return try await broker.token(for: provider)
        }
        return token.map { TollhouseNative.Token(secret: $0.secret.exposed, lifetimeMs: $0.lifetime.map(milliseconds)) }
    }
}

/// Whole milliseconds, at least none.
func milliseconds(_ duration: Duration) -> UInt64 {
    let (seconds, attoseconds) = duration.components
    // Three hundred thousand years are as good as for ever.
    let bounded = min(max(seconds, -1), 10_000_000_000_000)
    return UInt64(max(0, bounded * 1_000 + attoseconds / 1_000_000_000_000_000))
}
