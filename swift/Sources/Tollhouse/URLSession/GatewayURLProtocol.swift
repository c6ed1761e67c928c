import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Takes the requests of a `URLSession` through a gateway. ``Gateway/session(configuration:delegate:delegateQueue:)`` and
/// ``Gateway/configuration(_:isStreamed:)`` put it where it belongs.
///
/// A session's configuration carries classes and nothing else, so each gateway has a class of its own: see `SessionClass`. A session
/// never meets another gateway, and never goes around its own: when that is gone, its requests fail.
public class GatewayURLProtocol: URLProtocol, @unchecked Sendable {
    /// What the sessions of this class go through.
    class var bound: Bound? { nil }

    private let loading = Locked<Loading?>(nil)

    public override class func canInit(with request: URLRequest) -> Bool {
        ["http", "https"].contains(request.url?.scheme?.lowercased())
    }

    public override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }

    public override class func requestIsCacheEquivalent(_ a: URLRequest, to b: URLRequest) -> Bool { false }

    public override func startLoading() {
        let (session, request, bound, lack) = (SessionClient(self), self.request, Self.bound, lack)
        let origin = task?.originalRequest?.url
        let task = Task {
            do {
                if let lack { throw lack }
                guard let bound, let gateway = bound.gateway else {
                    let detail = "the gateway of this session is gone; keep it as long as its session"
                    throw TollhouseError.closed(.init(detail: detail, source: .caller))
                }
                try await gateway.load(request, askedFor: origin, in: bound.settings, for: session)
                session.finish()
            } catch {
                session.fail(urlError(error, of: request.url))
            }
        }
        loading.withLock { $0 = Loading(task: task, session: session) }
    }

    public override func stopLoading() {
        let stopped = loading.withLock { loading in
            defer { loading = nil }
            return loading
        }
        stopped?.session.leave()
        stopped?.task.cancel()
    }

    /// What there is not for this task. A session's own cache is one: see ``Gateway/configuration(_:isStreamed:)``.
    ///
    /// The others are what swift-corelibs-foundation keeps for its own classes, and a data task has no need of: the body of an upload
    /// task, which would be lost, and the file of a download task, over whose lack it ends the program
    /// (https://github.com/swiftlang/swift-corelibs-foundation/issues/5465).
    private var lack: URLError? {
        if request.cachePolicy == .returnCacheDataDontLoad { return URLError(.resourceUnavailable) }
        #if canImport(FoundationNetworking)
            if task is URLSessionDownloadTask { return URLError(.cannotCreateFile) }
            let isHidden = task is URLSessionUploadTask && request.httpBody == nil && request.httpBodyStream == nil
            return isHidden ? URLError(.requestBodyStreamExhausted) : nil
        #else
            return nil
        #endif
    }

    private struct Loading {
        let task: Task<Void, Never>
        let session: SessionClient
    }
}

extension Gateway {
    fileprivate func load(
        _ request: URLRequest, askedFor origin: URL?, in settings: SessionSettings, for session: SessionClient
    ) async throws {
        let request = try await collected(request)
        let response = try await send(nativeRequest(request, in: settings, askedFor: origin))
        if let failure = response.failure { throw failure }
        guard !session.redirect(response, request) else { return }
        session.receive(response, request.url)
        guard settings.isStreamed else { return session.load(try await response.data(maxBytes: .max)) }
        for try await bytes in response.body { session.load(bytes) }
    }
}

/// The error that clients of `URLSession` know; the gateway's own is beneath it.
func urlError(_ error: any Error, of url: URL?) -> URLError {
    if let error = error as? URLError { return error }
    var facts: [String: Any] = [NSUnderlyingErrorKey: error, NSLocalizedDescriptionKey: error.localizedDescription]
    facts[NSURLErrorFailingURLErrorKey] = url
    let code: URLError.Code =
        switch error {
        case is CancellationError: .cancelled
        // Not `cancelled`, which clients keep to themselves.
        case TollhouseError.closed: .resourceUnavailable
        case TollhouseError.connect: .cannotConnectToHost
        case TollhouseError.connectTimeout, TollhouseError.timeout: .timedOut
        case TollhouseError.broken: .networkConnectionLost
        case TollhouseError.tooLarge: .dataLengthExceedsMaximum
        case TollhouseError.config, TollhouseError.invalidRequest: .badURL
        default: .unknown
        }
    return URLError(code, userInfo: facts)
}
