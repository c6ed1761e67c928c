import Foundation
internal import TollhouseNative

/// An error of the gateway. A provider's failure is an answer with its status; what is thrown is misuse, a log that is not
/// there, or an answer that breaks.
public enum TollhouseError: Error, Sendable, Hashable {
    /// The configuration cannot work; ``field`` is its key.
    case config(Details)
    /// The request or an argument cannot work; ``field`` names it.
    case invalidRequest(Details)
    /// The gateway was closed.
    case closed(Details)
    /// No log has this id.
    case logNotFound(Details)
    /// Nothing is known of the model.
    case unknownModel(Details)
    /// The log cannot be read or written.
    case storage(Details)
    /// No connection to the provider could be made.
    case connect(Details)
    /// The connection took too long.
    case connectTimeout(Details)
    /// No answer came in time.
    case timeout(Details)
    /// The answer broke off or cannot be understood.
    case broken(Details)
    /// A body is larger than what was allowed.
    case tooLarge(Details)
    /// The answer is an error with an HTTP ``status``; only where text was asked for, as with ``Chat/text``.
    case status(Details)

    /// What is known of an error.
    public struct Details: Sendable, Hashable {
        /// What happened, and what to do next.
        public var detail: String
        /// The configuration key or the argument that the error is about.
        public var field: String?
        /// Who can mend it.
        public var source: Source
        /// The HTTP status, where the provider had answered.
        public var status: Int?
        /// Whether the same call may succeed later without a change.
        public var isRetryable: Bool
        /// The log of the call, where one was written.
        public var logId: String?

        public init(
            detail: String, field: String? = nil, source: Source, status: Int? = nil, isRetryable: Bool = false, logId: String? = nil
        ) {
            self.detail = detail
            self.field = field
            self.source = source
            self.status = status
            self.isRetryable = isRetryable
            self.logId = logId
        }
    }

    /// Who can mend an error.
    public enum Source: String, Sendable, Hashable {
        case caller, gateway, upstream
    }

    /// The stable word of the kind, the same in every language.
    public var kind: String { parts.kind }
    /// What is known of it.
    public var details: Details { parts.details }
    /// What happened, and what to do next.
    public var detail: String { details.detail }
    /// The configuration key or the argument that the error is about.
    public var field: String? { details.field }
    /// Who can mend it.
    public var source: Source { details.source }
    /// The HTTP status, where the provider had answered.
    public var status: Int? { details.status }
    /// Whether the same call may succeed later without a change.
    public var isRetryable: Bool { details.isRetryable }
    /// The log of the call, where one was written.
    public var logId: String? { details.logId }
}

extension TollhouseError: LocalizedError, CustomStringConvertible {
    public var errorDescription: String? { detail }
    public var description: String { detail }
}

extension TollhouseError {
    private var parts: (kind: String, details: Details) {
        switch self {
        case .config(let details): ("config", details)
        case .invalidRequest(let details): ("invalid_request", details)
        case .closed(let details): ("closed", details)
        case .logNotFound(let details): ("log_not_found", details)
        case .unknownModel(let details): ("unknown_model", details)
        case .storage(let details): ("storage", details)
        case .connect(let details): ("connect", details)
        case .connectTimeout(let details): ("connect_timeout", details)
        case .timeout(let details): ("timeout", details)
        case .broken(let details): ("broken", details)
        case .tooLarge(let details): ("too_large", details)
        case .status(let details): ("status", details)
        }
    }

    /// By the words of core, in their order.
    static let kinds: [(kind: String, make: @Sendable (Details) -> TollhouseError)] = [
        ("config", { .config($0) }),
        ("invalid_request", { .invalidRequest($0) }),
        ("closed", { .closed($0) }),
        ("log_not_found", { .logNotFound($0) }),
        ("unknown_model", { .unknownModel($0) }),
        ("storage", { .storage($0) }),
        ("connect", { .connect($0) }),
        ("connect_timeout", { .connectTimeout($0) }),
        ("timeout", { .timeout($0) }),
        ("broken", { .broken($0) }),
        ("too_large", { .tooLarge($0) }),
    ]

    init(_ failure: Failure) {
        let (kind, detail, field, source, status, retryable, logId) = failure.parts
        let details = Details(
            detail: detail, field: field, source: Source(rawValue: source) ?? .gateway, status: status.map(Int.init),
            isRetryable: retryable, logId: logId
        )
        // A newer library may know more kinds; the details say all of it.
        self = Self.kinds.first { $0.kind == kind }?.make(details) ?? .broken(details)
    }

    /// As core takes it from a callback.
    var failure: Failure {
        .Failed(
            kind: kind, detail: detail, field: field, source: source.rawValue, status: status.flatMap(UInt16.init(exactly:)),
            retryable: isRetryable, logId: logId
        )
    }
}

/// Does `work` of the native side; its failures come out as what users catch.
func native<Value>(_ work: () throws -> Value) throws(TollhouseError) -> Value {
    do {
        return try work()
    } catch let failure as Failure {
        throw TollhouseError(failure)
    } catch {
        throw notUnderstood(error)
    }
}

/// As `native`, for work that waits. A task that was cancelled gets what Swift throws for that.
func native<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> Value {
    do {
        return try await work()
    } catch let failure as Failure {
        if Task.isCancelled { throw CancellationError() }
        throw TollhouseError(failure)
    } catch let error where !(error is CancellationError) {
        throw notUnderstood(error)
    }
}

private func notUnderstood(_ error: any Error) -> TollhouseError {
    .broken(.init(detail: "the native library answered what this package does not understand: \(error)", source: .gateway))
}

extension Failure {
    // One case, so that there is nothing to choose.
    fileprivate var parts: (String, String, String?, String, UInt16?, Bool, String?) {
        switch self {
        case .Failed(let kind, let detail, let field, let source, let status, let retryable, let logId):
            (kind, detail, field, source, status, retryable, logId)
        }
    }
}
