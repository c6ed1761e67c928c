import Foundation
internal import TollhouseNative

/// An answer of the gateway, a provider's error included.
public struct Response: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The headers, those of the gateway among them: `cf-aig-cache-status`, `cf-aig-step`, `cf-aig-log-id`.
    public let headers: Headers
    /// The bytes, as they come.
    public let body: Body
    /// Why no provider answered: a connection that did not stand, or no answer in time.
    public let failure: TollhouseError?

    /// Whether the status is one of success.
    public var isSuccess: Bool { (200..<300).contains(status) }
    /// The id of this call's log.
    public var logId: String? { headers["cf-aig-log-id"] }
    /// Whether the answer came from the cache.
    public var isCached: Bool { headers["cf-aig-cache-status"] == "HIT" }
    /// The events of a streamed answer.
    public var events: ServerSentEvents { ServerSentEvents(body: body) }

    /// All of the body.
    ///
    /// - Throws: `TollhouseError` `tooLarge` above `maxBytes`, `broken` where the answer breaks off.
    public func data(maxBytes: Int = 64_000_000) async throws -> Data {
        try await body.data(maxBytes: maxBytes)
    }

    /// All of the body as text.
    public func string(maxBytes: Int = 64_000_000) async throws -> String {
        String(decoding: try await data(maxBytes: maxBytes), as: UTF8.self)
    }

    /// All of the body as the document that it should be.
    ///
    /// - Throws: `TollhouseError` `broken`, if it is another one.
    public func json<Document: Decodable>(
        _ type: Document.Type = JSON.self, maxBytes: Int = 64_000_000
    ) async throws -> Document {
        try fromJSON(try await data(maxBytes: maxBytes), as: type)
    }
}

extension Response {
    init(_ answer: Answer) {
        status = Int(answer.status)
        headers = Headers(answer.headers)
        body = Body(answer)
        failure = answer.failure.map(TollhouseError.init)
    }

    /// An error with the provider's own sentence, for callers who asked for text.
    func statusError(_ body: String) -> TollhouseError {
        .status(
            .init(
                detail: "the answer is an error with status \(status): \(reason(body))", source: .upstream, status: status,
                isRetryable: [408, 409, 429].contains(status) || status >= 500, logId: logId
            )
        )
    }
}

/// The sentence in an error body: `error.message` of OpenAI and most others, `error[0].message` of the gateway.
private func reason(_ body: String) -> String {
    guard let error = (try? fromJSON(body, as: JSON.self))?["error"] else { return body }
    let first = error[0] ?? error
    return first["message"]?.string ?? first.string ?? body
}
