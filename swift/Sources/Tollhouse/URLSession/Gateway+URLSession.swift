import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension Gateway {
    /// A session whose requests go through this gateway; a client that takes a `URLSession` needs nothing else.
    ///
    /// Requests name the provider as always: `https://api.openai.com/v1/chat/completions`. Answers carry the gateway's headers;
    /// where nobody answered, the error is the `URLError` that is known, with the gateway's own beneath it.
    ///
    /// Keep the gateway as long as the session: a request without it fails.
    ///
    /// - Parameters:
    ///   - configuration: What else holds for the session, its additional headers and timeout among it; it is copied.
    ///   - delegate: As that of `URLSession`. On Linux a session with a delegate tells it chunks as they come, and its completion
    ///     handlers and `async` methods would see the last one only: use a session without a delegate for them.
    ///   - delegateQueue: As that of `URLSession`.
    /// - Throws: `invalidRequest`, if the configuration is that of a background session.
    public func session(
        configuration: URLSessionConfiguration = .default, delegate: (any URLSessionDelegate)? = nil, delegateQueue: OperationQueue? = nil
    ) throws(TollhouseError) -> URLSession {
        let bound = try self.configuration(configuration, isStreamed: delegate != nil)
        return URLSession(configuration: bound, delegate: delegate, delegateQueue: delegateQueue)
    }

    /// A configuration for sessions that others make: Alamofire's, a client's own.
    ///
    /// - Parameters:
    ///   - base: What else holds; it is copied. Additional headers and `timeoutIntervalForRequest` must stand in it: where they are set
    ///     later, requests do not get them.
    ///   - isStreamed: For Linux alone, where completion handlers must have a body whole, and delegates want it in chunks. Elsewhere
    ///     both work.
    /// - Throws: `invalidRequest`, if it is that of a background session: the system makes its requests without the app, and so without
    ///   the gateway.
    public func configuration(
        _ base: URLSessionConfiguration = .default, isStreamed: Bool = true
    ) throws(TollhouseError) -> URLSessionConfiguration {
        if base.identifier != nil {
            let detail = "configuration: a background session would go around the gateway; use URLSessionConfiguration.default"
            throw .invalidRequest(.init(detail: detail, field: "configuration", source: .caller))
        }
        #if canImport(Darwin)
            let isStreamed = true
        #endif
        guard let configuration = base.copy() as? URLSessionConfiguration else { preconditionFailure("a copy is of the same class") }
        // What is cached, the gateway says. That of swift-corelibs-foundation also ends the program over a task that is cancelled while
        // the session looks into its own cache.
        configuration.urlCache = nil
        let made = sessionClasses.of(self, SessionSettings(base, isStreamed: isStreamed))
        configuration.protocolClasses = [made] + (configuration.protocolClasses ?? [])
        return configuration
    }
}
