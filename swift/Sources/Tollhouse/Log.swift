import Foundation

/// What is remembered of one call. What is unknown is nil, which is never zero.
public struct Log: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages, those that are newer than this package too.
    public let fields: [String: JSON]

    /// The id that `cf-aig-log-id` carried.
    public let id: String
    /// When the call came in.
    public let createdAt: Date

    /// The caller's own id, or the log's.
    public var eventId: String { text("event_id") ?? id }
    public var provider: String { text("provider") ?? "" }
    /// The model that was asked for.
    public var model: String { text("model") ?? "" }
    /// The model that the answer names.
    public var modelServed: String? { text("model_served") }
    public var path: String { text("path") ?? "" }
    /// What the caller got; nil if no provider answered.
    public var statusCode: Int? { whole("status_code") }
    public var success: Bool { flag("success") }
    public var cached: Bool { flag("cached") }
    public var stream: Bool { flag("stream") }
    /// Whether the caller let go of the answer before its end.
    public var cancelled: Bool { flag("cancelled") }
    /// Whether the answer broke off.
    public var truncated: Bool { flag("truncated") }
    /// What went wrong, in words.
    public var error: String? { text("error") }
    /// The index of the target that answered, from 0.
    public var step: Int { whole("step") ?? 0 }
    /// Every try that was made, in order.
    public var attempts: [JSON] { fields["attempts"]?.array ?? [] }
    /// From the call to the end of its answer.
    public var duration: Duration { time("duration") ?? .zero }
    /// To the first byte of the answer.
    public var firstByte: Duration? { time("first_byte_ms") }
    public var tokensIn: Int? { whole("tokens_in") }
    public var tokensOut: Int? { whole("tokens_out") }
    /// Tokens in detail: `source`, `cache_read`, `cache_write`, `reasoning`, `audio`.
    public var usage: [String: JSON] { fields["usage"]?.object ?? [:] }
    /// US dollars.
    public var cost: Decimal? { dollars("cost_nano_usd") }
    /// What a cached answer would have cost, in US dollars.
    public var saved: Decimal? { dollars("saved_nano_usd") }
    public var metadata: [String: JSON] { fields["metadata"]?.object ?? [:] }
    /// -1 or 1.
    public var feedback: Int? { whole("feedback") }
    public var score: Double? { fields["score"]?.number }
    public var userAgent: String? { text("user_agent") }
    /// Bytes.
    public var requestSize: Int { whole("request_size") ?? 0 }
    /// Bytes.
    public var responseSize: Int { whole("response_size") ?? 0 }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        fields = try container.decode([String: JSON].self)
        guard let id = fields["id"]?.string, let created = fields["created_at"]?.string.flatMap(instant) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a log without its id or its time")
        }
        (self.id, createdAt) = (id, created)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

extension Log {
    private func text(_ name: String) -> String? { fields[name]?.string }
    private func flag(_ name: String) -> Bool { fields[name]?.bool ?? false }
    private func whole(_ name: String) -> Int? { fields[name]?.integer.map(Int.init(clamping:)) }
    private func dollars(_ name: String) -> Decimal? { fields[name]?.integer.map(inDollars) }
    private func time(_ name: String) -> Duration? { fields[name]?.number.map { .microseconds(Int64(($0 * 1_000).rounded())) } }
}

/// One page of logs, without the beginnings of their bodies.
public struct LogPage: Sendable, Hashable, Codable {
    public let logs: [Log]
    /// How many logs the query selects in all.
    public let totalCount: Int
    /// Which page this is, from 1.
    public let page: Int
    public let perPage: Int

    private enum CodingKeys: String, CodingKey {
        case logs, page
        case totalCount = "total_count"
        case perPage = "per_page"
    }
}

/// One of the two bodies of a call.
public enum LogPart: String, Sendable, CaseIterable {
    case request, response
}

/// RFC 3339, with fractions of a second or without.
private func instant(_ text: String) -> Date? {
    (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))) ?? (try? Date(text, strategy: .iso8601))
}

/// Core counts billionths of a dollar.
func inDollars(_ nano: Int64) -> Decimal {
    Decimal(nano) / 1_000_000_000
}
