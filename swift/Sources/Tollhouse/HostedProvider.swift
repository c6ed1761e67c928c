import Foundation
internal import TollhouseNative

/// A provider in this process: a model on the device, or a server of the app's own. It is a target like any other: cached, limited,
/// logged, and the fallback of a phone without a network.
public protocol HostedProvider: Sendable {
    /// Answers one call. When the caller leaves, the task is cancelled.
    ///
    /// What it throws counts as "nothing was sent": another try or another target may follow. The call tells the words of a
    /// ``TollhouseError``, such as `connect`, and of other errors their type alone.
    func send(_ request: HostedRequest) async throws -> HostedResponse
}

/// What a hosted provider is asked.
public struct HostedRequest: Sendable, Hashable {
    /// The HTTP method.
    public let method: String
    /// `host://{name}/{path}`, unless the configuration has a `base_url`.
    public let url: String
    /// The headers, without the gateway's own.
    public let headers: Headers
    /// The body, in the format that `providers.{name}.format` says: OpenAI's without it.
    public let body: Data
}

/// What a hosted provider answers. It may be given to several calls: each reads it from its beginning.
public struct HostedResponse: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The headers; `content-type: text/event-stream` makes the answer a stream.
    public var headers: Headers
    /// Begins with the first chunk, and brings one after the other.
    fileprivate let read: @Sendable () -> Pull

    /// An answer whose chunks are pulled as the caller reads. When the caller leaves, the task that pulls is cancelled and the iterator
    /// is let go of.
    ///
    /// - Parameter chunks: Iterated anew by each call that it is given to. A sequence that can be read only once, such as an
    ///   `AsyncStream`, is for one.
    public init<Chunks: AsyncSequence & Sendable>(status: Int = 200, headers: Headers, chunks: Chunks) where Chunks.Element == Data {
        self.status = status
        self.headers = headers
        read = { @Sendable () -> Pull in
            let pulled = Pulled(chunks)
            return { try await pulled.next() }
        }
    }

    /// A whole answer.
    public init(status: Int = 200, headers: Headers, body: Data) {
        self.status = status
        self.headers = headers
        read = { @Sendable () -> Pull in
            let rest = Locked<Data?>(body)
            return {
                rest.withLock { rest in
                    defer { rest = nil }
                    return rest
                }
            }
        }
    }
}

/// The next chunk, or the end.
private typealias Pull = @Sendable () async throws -> Data?

/// One chunk after the other: core asks for the next when it has the last.
private final class Pulled<Chunks: AsyncSequence & Sendable>: @unchecked Sendable where Chunks.Element == Data {
    private var iterator: Chunks.AsyncIterator

    init(_ chunks: Chunks) {
        iterator = chunks.makeAsyncIterator()
    }

    func next() async throws -> Data? {
        try await iterator.next()
    }
}

/// A provider as core asks it.
final class Hosted: TollhouseNative.HostedProvider, Callback {
    private let provider: Locked<(any HostedProvider)?>

    init(_ provider: any HostedProvider) {
        self.provider = Locked(provider)
    }

    func letGo() {
        provider.withLock { $0 = nil }
    }

    func send(request: TollhouseNative.HostedRequest, call: HostedCall) async throws {
        try await callback("the hosted provider", TollhouseError.connect) {
            guard let provider = self.provider.withLock({ $0 }) else { throw gone }
            let response = try await provider.send(
                HostedRequest(method: request.method, url: request.url, headers: Headers(request.headers), body: request.body)
            )
            // What is no status is refused by core, in its own words.
            let status = UInt16(clamping: response.status)
            call.answer(answer: HostedAnswer(status: status, headers: response.headers.native, body: Chunks(response.read())))
        }
    }
}

private final class Chunks: HostedBody {
    private let pull: Locked<Pull?>

    init(_ next: @escaping Pull) {
        pull = Locked(next)
    }

    func next() async throws -> Data? {
        guard let next = pull.withLock({ $0 }) else { return nil }
        return try await callback("the hosted provider", TollhouseError.broken) { try await next() }
    }

    /// Nobody asks for another chunk: whatever makes them may end.
    func release() {
        pull.withLock { $0 = nil }
    }
}
