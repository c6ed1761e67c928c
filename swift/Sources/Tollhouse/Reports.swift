import Foundation

/// Requests, tokens and cost.
public struct UsageReport: Sendable, Hashable, Codable {
    /// How the numbers are counted, in words.
    public let basis: String
    public let rows: [UsageRow]
    public let total: UsageRow
}

/// The numbers of one group. Nil where nothing is known.
public struct UsageRow: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages, those that are newer than this package too.
    public let fields: [String: JSON]

    /// What the group has in common: `["model": "gpt-4o-mini"]`.
    public var group: [String: JSON] { fields["group"]?.object ?? [:] }
    public var requests: Int { whole("requests") ?? 0 }
    public var cached: Int { whole("cached") ?? 0 }
    public var errors: Int { whole("errors") ?? 0 }
    public var cancelled: Int { whole("cancelled") ?? 0 }
    public var tokensIn: Int? { whole("tokens_in") }
    public var tokensOut: Int? { whole("tokens_out") }
    /// Requests whose tokens were counted here and not by the provider.
    public var estimated: Int { whole("estimated") ?? 0 }
    /// US dollars.
    public var cost: Decimal? { fields["cost_nano_usd"]?.integer.map(inDollars) }
    /// Requests that were answered well and whose cost is unknown.
    public var unpriced: Int { whole("unpriced") ?? 0 }
    /// What cached answers would have cost, in US dollars.
    public var saved: Decimal? { fields["saved_nano_usd"]?.integer.map(inDollars) }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }

    private func whole(_ name: String) -> Int? { fields[name]?.integer.map(Int.init(clamping:)) }
}

/// How all budgets stand.
public struct BudgetReport: Sendable, Hashable, Codable {
    /// How the numbers are counted, in words.
    public let basis: String
    /// One for each budget, and for each of those who have one of their own.
    public let budgets: [BudgetState]
}

/// How a budget stands. Amounts are US dollars; in its own currency they are in ``fields``.
public struct BudgetState: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages.
    public let fields: [String: JSON]

    public var name: String { fields["name"]?.string ?? "" }
    /// Whose it is, where everybody has one of their own.
    public var by: [String: JSON] { fields["by"]?.object ?? [:] }
    public var limit: Decimal? { dollars("limit_nano_usd") }
    public var spent: Decimal? { dollars("spent_nano_usd") }
    /// What this process's calls under way have taken, each at its worst.
    public var reserved: Decimal? { dollars("reserved_nano_usd") }
    public var remaining: Decimal? { dollars("remaining_nano_usd") }
    /// When the next period begins, RFC 3339; nil for never.
    public var resetsAt: String? { fields["resets_at"]?.string }
    /// Whether so much is used that it was to be told.
    public var alert: Bool { fields["alert"] == .bool(true) }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }

    private func dollars(_ name: String) -> Decimal? { fields[name]?.integer.map(inDollars) }
}

/// A movement of credit that was entered. Amounts are US dollars.
public struct CreditEntry: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages.
    public let fields: [String: JSON]

    public var wallet: String { fields["wallet"]?.string ?? "" }
    public var amount: Decimal? { fields["amount_nano_usd"]?.integer.map(inDollars) }
    public var balance: Decimal? { fields["balance_nano_usd"]?.integer.map(inDollars) }
    /// Whether it had been entered before, under the same key.
    public var replayed: Bool { fields["replayed"] == .bool(true) }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

/// What a wallet has, in US dollars.
public struct Balance: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages.
    public let fields: [String: JSON]

    public var wallet: String { fields["wallet"]?.string ?? "" }
    public var balance: Decimal? { fields["balance_nano_usd"]?.integer.map(inDollars) }
    /// What calls under way hold of it.
    public var reserved: Decimal? { fields["reserved_nano_usd"]?.integer.map(inDollars) }
    public var available: Decimal? { fields["available_nano_usd"]?.integer.map(inDollars) }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

/// Entries of the ledger.
public struct LedgerPage: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages.
    public let fields: [String: JSON]

    public var entries: [JSON] { fields["entries"]?.array ?? [] }
    /// Whether all entries together are zero.
    public var balanced: Bool { fields["balanced"] == .bool(true) }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

/// What calls have cost in a period.
public struct Bill: Sendable, Hashable, Codable {
    /// Every field under the name that it has in all languages.
    public let fields: [String: JSON]

    /// How the numbers are counted, in words.
    public var basis: String { fields["basis"]?.string ?? "" }
    public var customers: [JSON] { fields["customers"]?.array ?? [] }
    public var total: [String: JSON] { fields["total"]?.object ?? [:] }
    /// The document, where a `format` was asked for.
    public var text: String? { fields["text"]?.string }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

/// A provider's report, held against the log.
public struct Reconciliation: Sendable, Hashable, Codable {
    /// How the numbers are counted, in words.
    public let basis: String
    /// One for each day and model: what the provider says, what the log says, and the difference.
    public let rows: [JSON]
    public let total: JSON
}

/// The walk of one call.
public struct Explanation: Sendable, Hashable, Codable {
    public let logId: String
    public let lines: [ExplanationLine]

    private enum CodingKeys: String, CodingKey {
        case lines
        case logId = "log_id"
    }
}

/// What happened at one stage.
public struct ExplanationLine: Sendable, Hashable, Codable {
    /// Every field: the numbers beside the words.
    public let fields: [String: JSON]

    /// `resolve`, `cache`, `limit`, `route`, `skip`, `attempt`, `answer` or `cost`.
    public var stage: String { fields["stage"]?.string ?? "" }
    /// What happened, in words.
    public var text: String { fields["text"]?.string ?? "" }

    public init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSON].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(fields)
    }
}

/// Why a request would not be answered from the cache.
public struct MissReport: Sendable, Hashable, Codable {
    public let wouldHit: Bool
    /// In one word: `hit`, `off`, `past`, `stale`, `nothing_kept`, `differs` and others.
    public let reason: String?
    /// The reason in words.
    public let text: String?
    /// Target by target: the nearest kept answer, and the fields in which the two requests differ.
    public let targets: [JSON]

    private enum CodingKeys: String, CodingKey {
        case reason, text, targets
        case wouldHit = "would_hit"
    }
}

/// A number of tokens, and how it is known.
public struct TokenCount: Sendable, Hashable, Codable {
    public let tokens: Int
    /// Whether the model's own vocabulary was used; otherwise this is an estimate.
    public let exact: Bool
    /// The vocabulary, such as `o200k_base`.
    public let encoding: String
    /// By how many percent it may be wrong either way; 0 where it is exact.
    public let errorPercent: Int
    /// The counts of a list of texts, one by one.
    public let each: [Int]?

    private enum CodingKeys: String, CodingKey {
        case tokens, exact, encoding, each
        case errorPercent = "error_percent"
    }
}

/// Least, likely and most of something.
public struct Spread: Sendable, Hashable, Codable {
    public let least: Int
    public let likely: Int
    public let most: Int
}

/// What a call may use and cost.
public struct Estimate: Sendable, Hashable, Codable {
    public let provider: String
    public let model: String
    public let tokensIn: Spread
    public let tokensOut: Spread
    /// Billionths of a US dollar; nil where the model's price is not known.
    public let costNanoUsd: Spread?
    /// The price that it comes from.
    public let pricedBy: String?
    /// How it is reckoned, in words.
    public let basis: String

    private enum CodingKeys: String, CodingKey {
        case provider, model, basis
        case tokensIn = "tokens_in"
        case tokensOut = "tokens_out"
        case costNanoUsd = "cost_nano_usd"
        case pricedBy = "priced_by"
    }
}

/// What came of pricing logs once more. Amounts are billionths of a US dollar.
public struct Recosted: Sendable, Hashable, Codable {
    /// Calls that were looked at.
    public let requests: Int
    public let changed: Int
    /// Those for which there is no price now: they keep the cost that they have.
    public let unpriced: Int
    public let costBeforeNanoUsd: Int
    public let costAfterNanoUsd: Int
    public let differenceNanoUsd: Int

    private enum CodingKeys: String, CodingKey {
        case requests, changed, unpriced
        case costBeforeNanoUsd = "cost_before_nano_usd"
        case costAfterNanoUsd = "cost_after_nano_usd"
        case differenceNanoUsd = "difference_nano_usd"
    }
}

/// The price catalogue that is in force now.
public struct LoadedPrices: Sendable, Hashable, Codable {
    public let version: String
    public let models: Int
}

/// How the log is doing, and what else of the gateway may be degraded.
public struct LogHealth: Sendable, Hashable, Codable {
    /// What is not as it was configured, and what to do about it; nil when all is well.
    public let degraded: String?
    /// Logs that were lost: too many waited, or nothing could be written.
    public let dropped: Int
    /// Logs that the settings turned away.
    public let refused: Int
    public let written: Int
    /// Where processes count together for the limits; nil where each counts for itself.
    public let limits: StoreHealth?
    /// Where processes keep answers together for the cache; nil where each keeps its own.
    public let cache: StoreHealth?
    /// Routes whose changed file was refused, by name, and why; what was in force goes on.
    public let routes: [String: String]
    /// The file of the ledger of credits; nil where it is kept in memory.
    public let credits: StoreHealth?
    /// Budgets of which so much is used that it was to be told, in words.
    public let budgets: [String]
    /// How each receiver of logs stands, by its name in the configuration.
    public let uploads: [String: UploadHealth]
}

/// How a receiver of logs stands, as this process last saw it.
public struct UploadHealth: Sendable, Hashable, Codable {
    /// Records that wait.
    public let waiting: Int
    /// What they take, roughly.
    public let waitingBytes: Int
    /// When the oldest of them was logged: microseconds since 1970 UTC.
    public let oldestUs: Int?
    /// Records that the receiver has; one that has changed counts again.
    public let taken: Int
    /// Records that the receiver refused for good.
    public let dead: Int
    /// Records whose bodies were left out because too much waited.
    public let payloadsShed: Int
    /// Records that were given up because too much waited.
    public let shed: Int
    /// Records that the log's own bounds or a deletion took away before they were sent.
    public let lost: Int
    /// Why it takes nothing just now; nil when it does.
    public let trouble: String?

    private enum CodingKeys: String, CodingKey {
        case waiting, taken, dead, shed, lost, trouble
        case waitingBytes = "waiting_bytes"
        case oldestUs = "oldest_us"
        case payloadsShed = "payloads_shed"
    }
}

/// How a store outside of the process is doing.
public struct StoreHealth: Sendable, Hashable, Codable {
    /// Why the store cannot be used just now; the gateway goes on without it meanwhile.
    public let degraded: String?
    /// How often it was asked and did not answer.
    public let failures: Int
}

/// What a gateway's cache holds, and what it was asked for. Counts are those of this process, since it began.
public struct CacheStats: Sendable, Hashable, Codable {
    /// Calls that found an answer.
    public let hits: Int
    /// Calls that found none that was fresh.
    public let misses: Int
    /// Answers that were kept.
    public let stored: Int
    /// Stale answers that were made new in the background, or are being made new.
    public let refreshes: Int
    /// Answers that were not kept, because they are larger than `cache.max_entry_bytes`.
    public let tooLarge: Int
    /// Store by store, in the order in which they are asked.
    public let stores: [StoreStats]
    /// Questions that mean the same: `lookups`, `near`, `guarded`, `failures`, `entries`; nil without `cache.semantic`.
    public let semantic: JSON?

    private enum CodingKeys: String, CodingKey {
        case hits, misses, stored, refreshes, stores, semantic
        case tooLarge = "too_large"
    }
}

/// One store of a cache.
public struct StoreStats: Sendable, Hashable, Codable {
    /// `memory`, `file` or `redis`.
    public let store: String
    /// How many answers it holds, of all processes; nil where it does not say so in time.
    public let entries: Int?
    /// What they take up.
    public let bytes: Int?
    /// What they may take up, where there is a bound.
    public let maxBytes: Int?
    /// Calls of this process that found an answer here.
    public let hits: Int
    /// Calls of this process that found none here.
    public let misses: Int
    /// How often it was asked and did not answer.
    public let errors: Int

    private enum CodingKeys: String, CodingKey {
        case store, entries, bytes, hits, misses, errors
        case maxBytes = "max_bytes"
    }
}

/// What a purge took away. Where processes share a store it is that store's count.
public struct PurgeReport: Sendable, Hashable, Codable {
    public let entries: Int
    public let bytes: Int
}
