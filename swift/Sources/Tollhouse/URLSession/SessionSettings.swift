import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What a session's configuration says of its requests. A class of `URLProtocol` is shown requests without it, on Linux and on Apple's
/// systems (https://github.com/Alamofire/Alamofire/issues/473), so it goes with the class.
struct SessionSettings: Hashable, Sendable {
    /// Whether a body is told chunk by chunk.
    let isStreamed: Bool
    private let headers: [Headers.Field]
    private let timeoutMs: UInt64?

    init(_ configuration: URLSessionConfiguration = .default, isStreamed: Bool) {
        self.isStreamed = isStreamed
        let headers = (configuration.httpAdditionalHeaders ?? [:]).map { Headers.Field("\($0.key)", "\($0.value)") }
        // In an order of their own, so that equal settings are equal.
        self.headers = headers.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        timeoutMs = readTimeout(configuration.timeoutIntervalForRequest)
    }

    /// The request's own headers, and the session's where the request has none of that name.
    ///
    /// - Parameter origin: What the session was asked for. A key is for that place, and does not go along to where it leads.
    func headers(of request: URLRequest, askedFor origin: URL?) -> Headers {
        let own = (request.allHTTPHeaderFields ?? [:]).sorted { $0.key < $1.key }.map { Headers.Field($0.key, $0.value) }
        var all = Headers(own)
        let isElsewhere = !isSameOrigin(request.url, origin ?? request.url)
        for header in headers where all[header.name] == nil && !(isElsewhere && isKey(header.name)) {
            all.add(header.name, header.value)
        }
        // Of this connection, not of the next one.
        for name in ["content-length", "host", "connection"] { all[name] = nil }
        return all
    }

    /// How long may pass without a byte, in milliseconds. A request that has not been told otherwise has a minute, and is shown alike
    /// where somebody said so.
    func readTimeoutMs(of request: URLRequest) -> UInt64? {
        request.timeoutInterval == 60 ? timeoutMs : readTimeout(request.timeoutInterval)
    }
}

/// Milliseconds. For ever, and years, is no timeout.
func readTimeout(_ seconds: TimeInterval) -> UInt64? {
    seconds > 0 && seconds < 1e9 ? UInt64((seconds * 1_000).rounded(.up)) : nil
}

/// Whether a header is one in which providers look for a key.
func isKey(_ header: String) -> Bool { keyHeaders.contains(header.lowercased()) }

let keyHeaders = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cf-aig-authorization", "cookie"]

/// Whether two places are one (RFC 6454): scheme, host and port.
func isSameOrigin(_ one: URL?, _ other: URL?) -> Bool { origin(one) == origin(other) }

private func origin(_ url: URL?) -> [String?] {
    let scheme = url?.scheme?.lowercased()
    return [scheme, url?.host?.lowercased(), String(url?.port ?? (scheme == "https" ? 443 : 80))]
}
