import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Tells a session what comes, in order, until it leaves; and where the session asked, as both platforms want it.
final class SessionClient: Sendable {
    private let loading: Locked<Unsafe<URLProtocol?>>
    private let place = SessionPlace()

    init(_ loading: URLProtocol) {
        self.loading = Locked(Unsafe(loading))
    }

    func receive(_ response: Response, _ url: URL?) {
        guard let url, let head = httpResponse(response, url) else { return }
        tell { $1.urlProtocol($0, didReceive: head, cacheStoragePolicy: .notAllowed) }
    }

    func load(_ bytes: Data) {
        tell { $1.urlProtocol($0, didLoad: bytes) }
    }

    func finish() {
        tell { $1.urlProtocolDidFinishLoading($0) }
        place.perform { self.leave() }
    }

    func fail(_ error: URLError) {
        tell { $1.urlProtocol($0, didFailWithError: error) }
        place.perform { self.leave() }
    }

    /// Whether the session follows the answer, or asks its delegate, as it does without a gateway. That of swift-corelibs-foundation
    /// cannot do it for a class that is not its own; there a redirect is the answer.
    func redirect(_ response: Response, _ request: URLRequest) -> Bool {
        #if canImport(Darwin)
            guard let url = request.url, let head = httpResponse(response, url), let next = redirected(request, by: response) else {
                return false
            }
            response.body.cancel()
            tell { $1.urlProtocol($0, wasRedirectedTo: next, redirectResponse: head) }
            return true
        #else
            return false
        #endif
    }

    /// From now on nobody listens. The session says so where it asked, so that nothing is told behind it.
    func leave() {
        loading.withLock { $0 = Unsafe(nil) }
    }

    private func tell(_ work: @escaping @Sendable (URLProtocol, any URLProtocolClient) -> Void) {
        place.perform {
            guard let loading = self.loading.withLock({ $0.value }), let client = loading.client else { return }
            #if canImport(FoundationNetworking)
                // It ends the program over a class whose task is gone.
                guard loading.task != nil else { return }
            #endif
            work(loading, client)
        }
    }
}

/// A head in the platform's own type. Headers that come several times are joined, as it joins them.
private func httpResponse(_ response: Response, _ url: URL) -> HTTPURLResponse? {
    var fields = Dictionary(response.headers.map { ($0.name, $0.value) }) { "\($0), \($1)" }
    #if canImport(FoundationNetworking)
        // swift-corelibs-foundation answers a challenge by going around every class but its own, and ends the program over one that
        // names no realm.
        if response.status == 401 { fields = fields.filter { $0.key.lowercased() != "www-authenticate" } }
    #endif
    return HTTPURLResponse(url: url, statusCode: response.status, httpVersion: "HTTP/1.1", headerFields: fields)
}

/// The request that a redirect leads to (RFC 9110, 15.4): GET where a form was sent and another page answers.
func redirected(_ request: URLRequest, by response: Response) -> URLRequest? {
    guard [301, 302, 303, 307, 308].contains(response.status), let place = response.headers["location"],
        let url = URL(string: place, relativeTo: request.url)?.absoluteURL
    else { return nil }
    var next = request
    next.url = url
    let isGet = response.status == 303 || (response.status < 303 && request.httpMethod == "POST")
    if isGet, request.httpMethod != "HEAD" {
        next.httpMethod = "GET"
        (next.httpBody, next.httpBodyStream) = (nil, nil)
        next.setValue(nil, forHTTPHeaderField: "content-type")
    }
    // A key is for the place that it was sent to.
    if !isSameOrigin(url, request.url) {
        for name in keyHeaders { next.setValue(nil, forHTTPHeaderField: name) }
    }
    return next
}
