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
    ///   - configuration: What else holds for the session; it is copied.
    ///   - delegate: As that of `URLSession`. On Linux a session with a delegate tells it chunks as they come, and its completion
    ///     handlers and `async` methods would see the last one only: use a session without a delegate for them.
    ///   - delegateQueue: As that of `URLSession`.
    public func session(
        configuration: URLSessionConfiguration = .default, delegate: (any URLSessionDelegate)? = nil, delegateQueue: OperationQueue? = nil
    ) -> URLSession {
        let bound = self.configuration(configuration, isStreamed: delegate != nil)
        return URLSession(configuration: bound, delegate: delegate, delegateQueue: delegateQueue)
    }

    /// A configuration for sessions that others make: Alamofire's, a client's own.
    ///
    /// - Parameters:
    ///   - base: What else holds; it is copied.
    ///   - isStreamed: For Linux alone, where completion handlers must have a body whole, and delegates want it in chunks. Elsewhere
    ///     both work.
    public func configuration(_ base: URLSessionConfiguration = .default, isStreamed: Bool = true) -> URLSessionConfiguration {
        #if canImport(Darwin)
            let isStreamed = true
        #endif
        let made = sessionClasses.withLock { classes in
            let made = classes[isStreamed] ?? SessionClass.make(Bound(self, isStreamed: isStreamed))
            classes[isStreamed] = made
            return made
        }
        guard let configuration = base.copy() as? URLSessionConfiguration else { preconditionFailure("a copy is of the same class") }
        // What is cached, the gateway says. That of swift-corelibs-foundation also ends the program over a task that is cancelled while
        // the session looks into its own cache.
        configuration.urlCache = nil
        configuration.protocolClasses = [made] + (configuration.protocolClasses ?? [])
        return configuration
    }
}
