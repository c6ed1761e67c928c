// Made by scripts/gen-config out of docs/reference/config.schema.json: do not edit.

import Foundation

/// The configuration of a gateway: the same document as `tollhouse.toml`. What is not set keeps its default.
public struct Configuration: Encodable, Sendable, Equatable {
    /// The gateway's id, as it stands in URLs and logs: 1 to 64 letters, digits, `-`, `_` or `.`.
    public var id: String?
    /// Answers that are given again without a call.
    public var cache: Cache?
    /// How much may go out.
    public var limits: Limits?
    /// How much may be spent, under names of your own.
    public var budgets: [String: Budget]?
    /// Prepaid credit.
    public var credits: Credits?
    /// What one unit of a currency costs: `EUR = "1.08 USD"`.
    public var currencies: [String: Decimal]?
    /// What is tried again.
    public var retries: Retry?
    /// How long is waited.
    public var timeouts: Timeout?
    /// When a second call is made beside one that does not begin to answer.
    public var hedging: Hedging?
    /// Settings by provider slug. A slug that is not in the catalogue makes a provider of your own, used as
    /// `custom-{slug}`.
    public var providers: [String: Provider]?
    /// Prices by `provider/model`; they go before the built-in ones. `*` in a name stands for anything.
    public var prices: [String: Price]?
    /// What models can do, by `provider/model`: a route skips those that cannot serve a request.
    public var models: [String: Model]?
    /// Routes by name; each is the model `dynamic/{name}`.
    public var routes: [String: Route]?
    /// What happens to a stream that breaks.
    public var streams: Streams?
    /// How a call is carried to a provider of another format.
    public var translation: Translation?
    /// What is remembered of each call.
    public var logs: Logs?
    /// Where logs are sent to as well, by names of your own.
    public var uploads: [String: Upload]?
    /// The server on the loopback interface.
    public var server: Server?

    public init(
        id: String? = nil,
        cache: Cache? = nil,
        limits: Limits? = nil,
        budgets: [String: Budget]? = nil,
        credits: Credits? = nil,
        currencies: [String: Decimal]? = nil,
        retries: Retry? = nil,
        timeouts: Timeout? = nil,
        hedging: Hedging? = nil,
        providers: [String: Provider]? = nil,
        prices: [String: Price]? = nil,
        models: [String: Model]? = nil,
        routes: [String: Route]? = nil,
        streams: Streams? = nil,
        translation: Translation? = nil,
        logs: Logs? = nil,
        uploads: [String: Upload]? = nil,
        server: Server? = nil
    ) {
        self.id = id
        self.cache = cache
        self.limits = limits
        self.budgets = budgets
        self.credits = credits
        self.currencies = currencies
        self.retries = retries
        self.timeouts = timeouts
        self.hedging = hedging
        self.providers = providers
        self.prices = prices
        self.models = models
        self.routes = routes
        self.streams = streams
        self.translation = translation
        self.logs = logs
        self.uploads = uploads
        self.server = server
    }

    public func encode(to encoder: any Encoder) throws {
        var parts = encoder.container(keyedBy: ConfigurationKey.self)
        try parts.encodeIfPresent(id, forKey: "id")
        try parts.encodeIfPresent(cache, forKey: "cache")
        try parts.encodeIfPresent(limits, forKey: "limits")
        try parts.encodeIfPresent(budgets, forKey: "budgets")
        try parts.encodeIfPresent(credits, forKey: "credits")
        try parts.encodeIfPresent(currencies?.mapValues { $0.moneyText }, forKey: "currencies")
        try parts.encodeIfPresent(retries, forKey: "retries")
        try parts.encodeIfPresent(timeouts, forKey: "timeouts")
        try parts.encodeIfPresent(hedging, forKey: "hedging")
        try parts.encodeIfPresent(providers, forKey: "providers")
        try parts.encodeIfPresent(prices, forKey: "prices")
        try parts.encodeIfPresent(models, forKey: "models")
        try parts.encodeIfPresent(routes, forKey: "routes")
        try parts.encodeIfPresent(streams, forKey: "streams")
        try parts.encodeIfPresent(translation, forKey: "translation")
        try parts.encodeIfPresent(logs, forKey: "logs")
        try parts.encodeIfPresent(uploads, forKey: "uploads")
        try parts.encodeIfPresent(server, forKey: "server")
    }
}

extension Configuration {
    /// Answers that are given again without a call.
    public struct Cache: Encodable, Sendable, Equatable {
        /// How long an answer is given again: 1 s to 31 days. Without it, or with `"0"`, only requests that ask for it
        /// are cached.
        public var ttl: Duration?
        /// Memory for all answers together. 0 stores none.
        public var maxBytes: Int64?
        /// Larger requests and answers are not stored.
        public var maxEntryBytes: Int64?
        /// Whether streams are stored and answered too.
        public var streams: Bool?
        /// How a stored stream is given again.
        public var replay: Replay?
        /// What the cache does if a request does not say.
        public var mode: CacheMode?
        /// Whose `Cache-Control` headers are minded.
        public var control: CacheControl?
        /// How long after its time an answer is still given while another is fetched behind it, up to 31 days.
        public var staleWhileRevalidate: Duration?
        /// How long after its time an answer is still given if nobody answers, up to 31 days.
        public var staleIfError: Duration?
        /// Fields of a JSON body that make no other request: `user`, or names from the top down with `/` between them, such as
        /// `metadata/user_id`, where `*` is any name and each item of a list. At most 64.
        public var ignore: [String]?
        /// Answers to questions that mean the same. Without it there are none.
        public var semantic: Semantic?
        /// A `SQLite` file in which the processes of one host keep answers together. It may be the file of `limits.path`.
        public var path: String?
        /// The file's room for all answers together, at least 1 MB; what has not been used for long makes room.
        public var maxFileBytes: Int64?
        /// A Redis or Valkey server on which many hosts keep answers together:
        /// `redis://[user:password@]host[:port][/database]`. It may hold a password, so it is kept like a key.
        public var redis: Secret?
        /// How long a call waits for that server, 1 ms to 10 s. One that is slower or gone is a miss.
        public var redisTimeout: Duration?
        /// How long a process answers from its own memory before it asks the file or the server again, up to 1 h. What is purged
        /// elsewhere may be given for so long. `"0"` asks every time.
        public var memoryTtl: Duration?

        public init(
            ttl: Duration? = nil,
            maxBytes: Int64? = nil,
            maxEntryBytes: Int64? = nil,
            streams: Bool? = nil,
            replay: Replay? = nil,
            mode: CacheMode? = nil,
            control: CacheControl? = nil,
            staleWhileRevalidate: Duration? = nil,
            staleIfError: Duration? = nil,
            ignore: [String]? = nil,
            semantic: Semantic? = nil,
            path: String? = nil,
            maxFileBytes: Int64? = nil,
            redis: Secret? = nil,
            redisTimeout: Duration? = nil,
            memoryTtl: Duration? = nil
        ) {
            self.ttl = ttl
            self.maxBytes = maxBytes
            self.maxEntryBytes = maxEntryBytes
            self.streams = streams
            self.replay = replay
            self.mode = mode
            self.control = control
            self.staleWhileRevalidate = staleWhileRevalidate
            self.staleIfError = staleIfError
            self.ignore = ignore
            self.semantic = semantic
            self.path = path
            self.maxFileBytes = maxFileBytes
            self.redis = redis
            self.redisTimeout = redisTimeout
            self.memoryTtl = memoryTtl
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(ttl?.spanText, forKey: "ttl")
            try parts.encodeIfPresent(maxBytes, forKey: "max_bytes")
            try parts.encodeIfPresent(maxEntryBytes, forKey: "max_entry_bytes")
            try parts.encodeIfPresent(streams, forKey: "streams")
            try parts.encodeIfPresent(replay, forKey: "replay")
            try parts.encodeIfPresent(mode, forKey: "mode")
            try parts.encodeIfPresent(control, forKey: "control")
            try parts.encodeIfPresent(staleWhileRevalidate?.spanText, forKey: "stale_while_revalidate")
            try parts.encodeIfPresent(staleIfError?.spanText, forKey: "stale_if_error")
            try parts.encodeIfPresent(ignore, forKey: "ignore")
            try parts.encodeIfPresent(semantic, forKey: "semantic")
            try parts.encodeIfPresent(path, forKey: "path")
            try parts.encodeIfPresent(maxFileBytes, forKey: "max_file_bytes")
            try parts.encodeIfPresent(redis, forKey: "redis")
            try parts.encodeIfPresent(redisTimeout?.spanText, forKey: "redis_timeout")
            try parts.encodeIfPresent(memoryTtl?.spanText, forKey: "memory_ttl")
        }
    }
}

extension Configuration {
    /// Answers to questions that mean the same.
    public struct Semantic: Encodable, Sendable, Equatable {
        /// The model that embeds questions, as `provider/model`; its provider must have OpenAI's embeddings endpoint.
        public var model: String?
        /// Whether near answers are given, or only told of.
        public var mode: SemanticMode?
        /// How alike two questions must be: the cosine of their vectors, 0 to 1.
        public var threshold: Double?
        /// Other thresholds by namespace, for calls with `x-tollhouse-cache-namespace`.
        public var namespaces: [String: Double]?
        /// How many questions are remembered, 1 to 100000; each takes about five bytes for each part of its vector.
        public var maxEntries: Int64?
        /// How long an embedding may take, 1 ms to 1 min; a call that it takes longer for is made as usual.
        public var timeout: Duration?

        public init(
            model: String? = nil,
            mode: SemanticMode? = nil,
            threshold: Double? = nil,
            namespaces: [String: Double]? = nil,
            maxEntries: Int64? = nil,
            timeout: Duration? = nil
        ) {
            self.model = model
            self.mode = mode
            self.threshold = threshold
            self.namespaces = namespaces
            self.maxEntries = maxEntries
            self.timeout = timeout
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(model, forKey: "model")
            try parts.encodeIfPresent(mode, forKey: "mode")
            try parts.encodeIfPresent(threshold, forKey: "threshold")
            try parts.encodeIfPresent(namespaces, forKey: "namespaces")
            try parts.encodeIfPresent(maxEntries, forKey: "max_entries")
            try parts.encodeIfPresent(timeout?.spanText, forKey: "timeout")
        }
    }
}

extension Configuration {
    /// What is refused, or made to wait, before a call is made. Several rules hold together: a call passes all of them, or
    /// it counts in none.
    public struct Limits: Encodable, Sendable, Equatable {
        /// How many calls in a span of time. Answers from the cache do not count.
        public var requests: LimitRule?
        /// How many tokens, in and out, in a span of time.
        public var tokens: LimitRule?
        /// How much money in a span of time, by the price table.
        public var cost: LimitRule?
        /// How many calls at once; a call ends when its answer's body does.
        public var concurrency: LimitRule?
        /// More rules under names of your own. Each says in `count` what it counts.
        public var rules: [String: LimitRule]?
        /// The limits that providers have themselves.
        public var quotas: Quota?
        /// A `SQLite` file in which the processes of one host count together. Without it each counts for itself.
        public var path: String?
        /// A Redis or Valkey server on which many hosts count together: `redis://[user:password@]host[:port][/database]`. It
        /// may hold a password, so it is kept like a key.
        public var redis: Secret?

        public init(
            requests: LimitRule? = nil,
            tokens: LimitRule? = nil,
            cost: LimitRule? = nil,
            concurrency: LimitRule? = nil,
            rules: [String: LimitRule]? = nil,
            quotas: Quota? = nil,
            path: String? = nil,
            redis: Secret? = nil
        ) {
            self.requests = requests
            self.tokens = tokens
            self.cost = cost
            self.concurrency = concurrency
            self.rules = rules
            self.quotas = quotas
            self.path = path
            self.redis = redis
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(requests, forKey: "requests")
            try parts.encodeIfPresent(tokens, forKey: "tokens")
            try parts.encodeIfPresent(cost, forKey: "cost")
            try parts.encodeIfPresent(concurrency, forKey: "concurrency")
            try parts.encodeIfPresent(rules, forKey: "rules")
            try parts.encodeIfPresent(quotas, forKey: "quotas")
            try parts.encodeIfPresent(path, forKey: "path")
            try parts.encodeIfPresent(redis, forKey: "redis")
        }
    }
}

extension Configuration {
    /// One rule.
    public struct LimitRule: Encodable, Sendable, Equatable {
        /// What is counted. Only `rules` need it: `requests`, `tokens`, `cost` and `concurrency` say it by their name.
        public var count: Count?
        /// How much passes: a whole number, or an amount of money such as `"5 USD"` for `cost`. 0 switches the rule off.
        public var limit: Ceiling?
        /// In which span of time, up to 31 days. `"0"` switches the rule off. Concurrency has none.
        public var per: Duration?
        /// How the span of time moves; `fixed` without it.
        public var technique: Technique?
        /// Who has a count of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
        /// `metadata.{key}`, or a list of them. Calls that lack it share one count.
        public var by: [String]?
        /// Which calls the rule is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end
        /// stands for anything. Without it the rule is for all.
        public var when: [String: String]?
        /// Whether the rule holds calls back, or only says that it would have.
        public var mode: LimitMode?
        /// What happens to a call that does not pass.
        public var whenFull: AtLimit?
        /// How long a call waits at most where `when_full` is `wait`, up to 1 h; 10 s without it.
        public var maxWait: Duration?

        public init(
            count: Count? = nil,
            limit: Ceiling? = nil,
            per: Duration? = nil,
            technique: Technique? = nil,
            by: [String]? = nil,
            when: [String: String]? = nil,
            mode: LimitMode? = nil,
            whenFull: AtLimit? = nil,
            maxWait: Duration? = nil
        ) {
            self.count = count
            self.limit = limit
            self.per = per
            self.technique = technique
            self.by = by
            self.when = when
            self.mode = mode
            self.whenFull = whenFull
            self.maxWait = maxWait
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(count, forKey: "count")
            try parts.encodeIfPresent(limit, forKey: "limit")
            try parts.encodeIfPresent(per?.spanText, forKey: "per")
            try parts.encodeIfPresent(technique, forKey: "technique")
            try parts.encodeIfPresent(by, forKey: "by")
            try parts.encodeIfPresent(when, forKey: "when")
            try parts.encodeIfPresent(mode, forKey: "mode")
            try parts.encodeIfPresent(whenFull, forKey: "when_full")
            try parts.encodeIfPresent(maxWait?.spanText, forKey: "max_wait")
        }
    }
}

extension Configuration {
    /// The limits that providers have themselves, as their answers tell.
    public struct Quota: Encodable, Sendable, Equatable {
        /// Whether a call waits where its provider's last answers say that it would be refused.
        public var pace: Bool?
        /// For how long at most, up to 1 h. Where it would be longer the call goes out, and the provider says no.
        public var maxWait: Duration?

        public init(
            pace: Bool? = nil,
            maxWait: Duration? = nil
        ) {
            self.pace = pace
            self.maxWait = maxWait
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(pace, forKey: "pace")
            try parts.encodeIfPresent(maxWait?.spanText, forKey: "max_wait")
        }
    }
}

extension Configuration {
    /// How much may be spent in a period, by everybody together or by each of somebody.
    public struct Budget: Encodable, Sendable, Equatable {
        /// How much: `"100 USD"`, or an amount in a currency that `currencies` has a rate for. 0 lets nothing pass but what is
        /// free.
        public var limit: String?
        /// When it begins anew.
        public var period: Period?
        /// How long a `rolling` period is, up to 31 days.
        public var per: Duration?
        /// Where a day begins at midnight: a name of the IANA time zone database such as `Europe/Berlin`; UTC without it.
        public var timeZone: String?
        /// Who has a budget of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
        /// `metadata.{key}`, or a list of them. Calls that lack it share one.
        public var by: [String]?
        /// Which calls it is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end stands for
        /// anything. Without it the budget is for all.
        public var when: [String: String]?
        /// What happens at the limit.
        public var mode: BudgetMode?
        /// What happens to a call whose cost nobody can tell before; `refuse` without it where the budget is hard, `pass` where
        /// it is soft.
        public var unpriced: Unpriced?
        /// From which part of the limit on an alert is raised, in percent: 1 to 100; 100 without it.
        public var alertAtPercent: Int64?

        public init(
            limit: String? = nil,
            period: Period? = nil,
            per: Duration? = nil,
            timeZone: String? = nil,
            by: [String]? = nil,
            when: [String: String]? = nil,
            mode: BudgetMode? = nil,
            unpriced: Unpriced? = nil,
            alertAtPercent: Int64? = nil
        ) {
            self.limit = limit
            self.period = period
            self.per = per
            self.timeZone = timeZone
            self.by = by
            self.when = when
            self.mode = mode
            self.unpriced = unpriced
            self.alertAtPercent = alertAtPercent
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(limit, forKey: "limit")
            try parts.encodeIfPresent(period, forKey: "period")
            try parts.encodeIfPresent(per?.spanText, forKey: "per")
            try parts.encodeIfPresent(timeZone, forKey: "time_zone")
            try parts.encodeIfPresent(by, forKey: "by")
            try parts.encodeIfPresent(when, forKey: "when")
            try parts.encodeIfPresent(mode, forKey: "mode")
            try parts.encodeIfPresent(unpriced, forKey: "unpriced")
            try parts.encodeIfPresent(alertAtPercent, forKey: "alert_at_percent")
        }
    }
}

extension Configuration {
    /// Prepaid credit.
    public struct Credits: Encodable, Sendable, Equatable {
        /// The `SQLite` file of the ledger, shared by the processes of one host. Without it credit is kept in memory and ends
        /// with the gateway.
        public var path: String?
        /// Wallets under names of your own. A call draws on the first one, by name, that is for it; one that none is for costs
        /// no credit.
        public var wallets: [String: Wallet]?

        public init(
            path: String? = nil,
            wallets: [String: Wallet]? = nil
        ) {
            self.path = path
            self.wallets = wallets
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(path, forKey: "path")
            try parts.encodeIfPresent(wallets, forKey: "wallets")
        }
    }
}

extension Configuration {
    /// A wallet, or one for each of somebody.
    public struct Wallet: Encodable, Sendable, Equatable {
        /// Who has a wallet of their own, called `{name}/{value}`: `provider`, `model`, `key`, `user`, `metadata.{key}`, or a
        /// list of them. Without it there is one, called `{name}`.
        public var by: [String]?
        /// Which calls it is for, by the same words. A `*` at the end stands for anything. Without it, for all.
        public var when: [String: String]?
        /// What is drawn beyond the cost of a call, in percent of it: 0 to 1000.
        public var markupPercent: Int64?
        /// What happens to a call whose cost nobody can tell before; `refuse` without it.
        public var unpriced: Unpriced?

        public init(
            by: [String]? = nil,
            when: [String: String]? = nil,
            markupPercent: Int64? = nil,
            unpriced: Unpriced? = nil
        ) {
            self.by = by
            self.when = when
            self.markupPercent = markupPercent
            self.unpriced = unpriced
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(by, forKey: "by")
            try parts.encodeIfPresent(when, forKey: "when")
            try parts.encodeIfPresent(markupPercent, forKey: "markup_percent")
            try parts.encodeIfPresent(unpriced, forKey: "unpriced")
        }
    }
}

extension Configuration {
    /// What is tried again at the same target.
    public struct Retry: Encodable, Sendable, Equatable {
        /// How often a target is tried, the first time included: 1 to 5.
        public var maxAttempts: Int64?
        /// What is waited before the second try, up to 5 s.
        public var delay: Duration?
        /// How the delay grows.
        public var backoff: Backoff?
        /// By how much a wait may be shortened by chance, in percent, so that many callers do not come back at once: 0 to 100.
        public var jitterPercent: Int64?
        /// After what is tried again: `not_sent`, `maybe_processed`, a status such as `429`, or `5xx`.
        public var on: [Cause]?
        /// How many calls more a provider may get by retries, in percent of the calls to it: 0 to 100. Ten retries are always
        /// free, so that a few calls alone are tried again as they ask. 0 sets no bound.
        public var budgetPercent: Int64?

        public init(
            maxAttempts: Int64? = nil,
            delay: Duration? = nil,
            backoff: Backoff? = nil,
            jitterPercent: Int64? = nil,
            on: [Cause]? = nil,
            budgetPercent: Int64? = nil
        ) {
            self.maxAttempts = maxAttempts
            self.delay = delay
            self.backoff = backoff
            self.jitterPercent = jitterPercent
            self.on = on
            self.budgetPercent = budgetPercent
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(maxAttempts, forKey: "max_attempts")
            try parts.encodeIfPresent(delay?.spanText, forKey: "delay")
            try parts.encodeIfPresent(backoff, forKey: "backoff")
            try parts.encodeIfPresent(jitterPercent, forKey: "jitter_percent")
            try parts.encodeIfPresent(on, forKey: "on")
            try parts.encodeIfPresent(budgetPercent, forKey: "budget_percent")
        }
    }
}

extension Configuration {
    /// How long is waited. Zero waits for ever, where that is allowed.
    public struct Timeout: Encodable, Sendable, Equatable {
        /// For a connection to a provider: 1 ms to 1 day.
        public var connect: Duration?
        /// From sending a request to the first byte of its answer, up to 1 day. A stream that began in time is not cut.
        public var firstByte: Duration?
        /// From the call to the end of its answer, all tries, targets and waits included, up to 1 day. A stream is cut too.
        public var total: Duration?
        /// Between two chunks of an answer, up to 1 day; 10 minutes without it, as the providers' SDKs have it.
        public var betweenChunks: Duration?

        public init(
            connect: Duration? = nil,
            firstByte: Duration? = nil,
            total: Duration? = nil,
            betweenChunks: Duration? = nil
        ) {
            self.connect = connect
            self.firstByte = firstByte
            self.total = total
            self.betweenChunks = betweenChunks
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(connect?.spanText, forKey: "connect")
            try parts.encodeIfPresent(firstByte?.spanText, forKey: "first_byte")
            try parts.encodeIfPresent(total?.spanText, forKey: "total")
            try parts.encodeIfPresent(betweenChunks?.spanText, forKey: "between_chunks")
        }
    }
}

extension Configuration {
    /// A second call beside one that does not begin to answer: the first good answer is taken, and the other call is let go.
    public struct Hedging: Encodable, Sendable, Equatable {
        /// After so long without an answer, up to 1 day. Without it, or with `"0"`, only requests that ask for it are hedged.
        public var after: Duration?
        /// In the place of `after`, once twenty answers of a model are known: the time within which so many percent of its last
        /// hundred began, 50 to 99.
        public var percentile: Int64?
        /// Who is asked beside.
        public var to: HedgeTo?
        /// How many calls to a provider may be hedged, in percent of all calls to it: 0 to 100. Ten are always free, so that a
        /// few calls alone are hedged as they ask. 0 sets no bound.
        public var budgetPercent: Int64?

        public init(
            after: Duration? = nil,
            percentile: Int64? = nil,
            to: HedgeTo? = nil,
            budgetPercent: Int64? = nil
        ) {
            self.after = after
            self.percentile = percentile
            self.to = to
            self.budgetPercent = budgetPercent
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(after?.spanText, forKey: "after")
            try parts.encodeIfPresent(percentile, forKey: "percentile")
            try parts.encodeIfPresent(to, forKey: "to")
            try parts.encodeIfPresent(budgetPercent, forKey: "budget_percent")
        }
    }
}

extension Configuration {
    /// Settings of one provider.
    public struct Provider: Encodable, Sendable, Equatable {
        /// The key, used where a request brings none. Without it the variables that the provider's own SDK reads are asked.
        public var key: Secret?
        /// Several keys that take turns; one that the provider refuses, or that has reached its limit, rests while the others
        /// go on.
        public var keys: [Secret]?
        /// The environment variable that holds the key.
        public var keyEnv: String?
        /// Where the provider is: an `http` or `https` URL without credentials, query or fragment.
        public var baseUrl: String?
        /// The format of its bodies; `openai` for a provider of your own.
        public var format: Format?
        /// How its chats take the beginning of an answer, for streams that break (`streams.broken = "continue"`). Known of
        /// the providers that document it.
        public var prefill: Prefill?
        /// Headers for every request that does not bring them itself. Their values are kept like keys.
        public var headers: [String: Secret]?

        public init(
            key: Secret? = nil,
            keys: [Secret]? = nil,
            keyEnv: String? = nil,
            baseUrl: String? = nil,
            format: Format? = nil,
            prefill: Prefill? = nil,
            headers: [String: Secret]? = nil
        ) {
            self.key = key
            self.keys = keys
            self.keyEnv = keyEnv
            self.baseUrl = baseUrl
            self.format = format
            self.prefill = prefill
            self.headers = headers
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(key, forKey: "key")
            try parts.encodeIfPresent(keys, forKey: "keys")
            try parts.encodeIfPresent(keyEnv, forKey: "key_env")
            try parts.encodeIfPresent(baseUrl, forKey: "base_url")
            try parts.encodeIfPresent(format, forKey: "format")
            try parts.encodeIfPresent(prefill, forKey: "prefill")
            try parts.encodeIfPresent(headers, forKey: "headers")
        }
    }
}

extension Configuration {
    /// Prices of one model, each per million tokens unless it says otherwise; or what is taken off the catalogue's prices.
    public struct Price: Encodable, Sendable, Equatable {
        /// Input tokens. In US dollars.
        public var input: Decimal?
        /// Output tokens. Without it what is put out has no price. In US dollars.
        public var output: Decimal?
        /// Input tokens that the provider's prompt cache held; without it they cost as much as other input. In US dollars.
        public var cacheRead: Decimal?
        /// Input tokens written to the provider's prompt cache; without it they cost as much as other input. In US dollars.
        public var cacheWrite: Decimal?
        /// The same for an hour; without it they cost as much as other writes. In US dollars.
        public var cacheWrite1h: Decimal?
        /// Output tokens spent on reasoning; without it they cost as much as other output. In US dollars.
        public var reasoning: Decimal?
        /// Sound that is listened to; without it it costs as much as text. In US dollars.
        public var audioIn: Decimal?
        /// Sound that is put out; without it it costs as much as text. In US dollars.
        public var audioOut: Decimal?
        /// Pictures that are seen; without it they cost as much as text. In US dollars.
        public var imageIn: Decimal?
        /// Pictures that are put out; without it they cost as much as text. In US dollars.
        public var imageOut: Decimal?
        /// A call; this and what follows is not per million. In US dollars.
        public var request: Decimal?
        /// A picture that is made. In US dollars.
        public var image: Decimal?
        /// A search on the web that the provider makes. In US dollars.
        public var search: Decimal?
        /// An hour of sound that is listened to. In US dollars.
        public var hour: Decimal?
        /// What is taken off the catalogue's price, in percent, 0 to 100: an agreement of your own. Not beside prices.
        public var discountPercent: Double?

        public init(
            input: Decimal? = nil,
            output: Decimal? = nil,
            cacheRead: Decimal? = nil,
            cacheWrite: Decimal? = nil,
            cacheWrite1h: Decimal? = nil,
            reasoning: Decimal? = nil,
            audioIn: Decimal? = nil,
            audioOut: Decimal? = nil,
            imageIn: Decimal? = nil,
            imageOut: Decimal? = nil,
            request: Decimal? = nil,
            image: Decimal? = nil,
            search: Decimal? = nil,
            hour: Decimal? = nil,
            discountPercent: Double? = nil
        ) {
            self.input = input
            self.output = output
            self.cacheRead = cacheRead
            self.cacheWrite = cacheWrite
            self.cacheWrite1h = cacheWrite1h
            self.reasoning = reasoning
            self.audioIn = audioIn
            self.audioOut = audioOut
            self.imageIn = imageIn
            self.imageOut = imageOut
            self.request = request
            self.image = image
            self.search = search
            self.hour = hour
            self.discountPercent = discountPercent
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(input?.moneyText, forKey: "input")
            try parts.encodeIfPresent(output?.moneyText, forKey: "output")
            try parts.encodeIfPresent(cacheRead?.moneyText, forKey: "cache_read")
            try parts.encodeIfPresent(cacheWrite?.moneyText, forKey: "cache_write")
            try parts.encodeIfPresent(cacheWrite1h?.moneyText, forKey: "cache_write_1h")
            try parts.encodeIfPresent(reasoning?.moneyText, forKey: "reasoning")
            try parts.encodeIfPresent(audioIn?.moneyText, forKey: "audio_in")
            try parts.encodeIfPresent(audioOut?.moneyText, forKey: "audio_out")
            try parts.encodeIfPresent(imageIn?.moneyText, forKey: "image_in")
            try parts.encodeIfPresent(imageOut?.moneyText, forKey: "image_out")
            try parts.encodeIfPresent(request?.moneyText, forKey: "request")
            try parts.encodeIfPresent(image?.moneyText, forKey: "image")
            try parts.encodeIfPresent(search?.moneyText, forKey: "search")
            try parts.encodeIfPresent(hour?.moneyText, forKey: "hour")
            try parts.encodeIfPresent(discountPercent, forKey: "discount_percent")
        }
    }
}

extension Configuration {
    /// What is known of a model beyond its price. What is not said is not known, and nothing is skipped for it.
    public struct Model: Encodable, Sendable, Equatable {
        /// Tokens that a request and its answer may have together.
        public var contextTokens: Int64?
        /// Whether it calls tools.
        public var tools: Bool?
        /// Whether it reads images.
        public var images: Bool?

        public init(
            contextTokens: Int64? = nil,
            tools: Bool? = nil,
            images: Bool? = nil
        ) {
            self.contextTokens = contextTokens
            self.tools = tools
            self.images = images
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(contextTokens, forKey: "context_tokens")
            try parts.encodeIfPresent(tools, forKey: "tools")
            try parts.encodeIfPresent(images, forKey: "images")
        }
    }
}

extension Configuration {
    /// A route, called as the model `dynamic/{name}`: a list of models in `try`, or a graph in `file` or `elements`.
    public struct Route: Encodable, Sendable, Equatable {
        /// The models that may answer, as `provider/model`, at least one and at most 1,000.
        public var `try`: [String]?
        /// Which of them is asked first, and which next.
        public var strategy: Strategy?
        /// Shares for the strategies `weighted`, `least_busy` and `sticky`, by model: 0 to 1,000,000, 1 without it.
        public var weights: [String: Int64]?
        /// What the strategy `sticky` holds on to: `metadata.{key}`, `headers.{name}` or `body.{field}`.
        public var stickyBy: String?
        /// The failures after which the next one is asked. Other failures are the answer.
        public var on: [Failure]?
        /// Models that are asked instead of the rest of `try`, by the failure that came first.
        public var instead: Instead?
        /// Models that cost more are skipped, and so are those whose price is not known.
        public var maxPrice: MaxPrice?
        /// When a model is left alone for a while.
        public var breaker: Breaker?
        /// From sending a request to the first byte of its answer, up to 1 day; `timeouts.first_byte` without it.
        public var firstByte: Duration?
        /// After so long without an answer a second call is made beside it, up to 1 day; `hedging.after` without it, and never
        /// with `"0"`.
        public var hedgeAfter: Duration?
        /// The file with the graph: JSON, in the reference's form. It is looked at once a second while it is in use, and read
        /// again when it has changed.
        public var file: String?
        /// The graph itself: the reference's list of elements.
        public var elements: [JSON]?

        public init(
            `try`: [String]? = nil,
            strategy: Strategy? = nil,
            weights: [String: Int64]? = nil,
            stickyBy: String? = nil,
            on: [Failure]? = nil,
            instead: Instead? = nil,
            maxPrice: MaxPrice? = nil,
            breaker: Breaker? = nil,
            firstByte: Duration? = nil,
            hedgeAfter: Duration? = nil,
            file: String? = nil,
            elements: [JSON]? = nil
        ) {
            self.`try` = `try`
            self.strategy = strategy
            self.weights = weights
            self.stickyBy = stickyBy
            self.on = on
            self.instead = instead
            self.maxPrice = maxPrice
            self.breaker = breaker
            self.firstByte = firstByte
            self.hedgeAfter = hedgeAfter
            self.file = file
            self.elements = elements
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(`try`, forKey: "try")
            try parts.encodeIfPresent(strategy, forKey: "strategy")
            try parts.encodeIfPresent(weights, forKey: "weights")
            try parts.encodeIfPresent(stickyBy, forKey: "sticky_by")
            try parts.encodeIfPresent(on, forKey: "on")
            try parts.encodeIfPresent(instead, forKey: "instead")
            try parts.encodeIfPresent(maxPrice, forKey: "max_price")
            try parts.encodeIfPresent(breaker, forKey: "breaker")
            try parts.encodeIfPresent(firstByte?.spanText, forKey: "first_byte")
            try parts.encodeIfPresent(hedgeAfter?.spanText, forKey: "hedge_after")
            try parts.encodeIfPresent(file, forKey: "file")
            try parts.encodeIfPresent(elements, forKey: "elements")
        }
    }
}

extension Configuration {
    /// Models that are asked instead, by the failure that came first.
    public struct Instead: Encodable, Sendable, Equatable {
        /// After no answer, 408, 425, or 500 and above.
        public var outage: [String]?
        /// After 429.
        public var rateLimit: [String]?
        /// After a request that is too long for the model.
        public var contextWindow: [String]?
        /// After a refusal because of the content.
        public var refusal: [String]?
        /// After 401, 402 or 403.
        public var auth: [String]?
        /// After 404.
        public var notFound: [String]?
        /// After any other 4xx.
        public var request: [String]?

        public init(
            outage: [String]? = nil,
            rateLimit: [String]? = nil,
            contextWindow: [String]? = nil,
            refusal: [String]? = nil,
            auth: [String]? = nil,
            notFound: [String]? = nil,
            request: [String]? = nil
        ) {
            self.outage = outage
            self.rateLimit = rateLimit
            self.contextWindow = contextWindow
            self.refusal = refusal
            self.auth = auth
            self.notFound = notFound
            self.request = request
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(outage, forKey: "outage")
            try parts.encodeIfPresent(rateLimit, forKey: "rate_limit")
            try parts.encodeIfPresent(contextWindow, forKey: "context_window")
            try parts.encodeIfPresent(refusal, forKey: "refusal")
            try parts.encodeIfPresent(auth, forKey: "auth")
            try parts.encodeIfPresent(notFound, forKey: "not_found")
            try parts.encodeIfPresent(request, forKey: "request")
        }
    }
}

extension Configuration {
    /// The highest price of a model, per million tokens.
    public struct MaxPrice: Encodable, Sendable, Equatable {
        /// For input tokens. In US dollars.
        public var input: Decimal?
        /// For output tokens. In US dollars.
        public var output: Decimal?

        public init(
            input: Decimal? = nil,
            output: Decimal? = nil
        ) {
            self.input = input
            self.output = output
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(input?.moneyText, forKey: "input")
            try parts.encodeIfPresent(output?.moneyText, forKey: "output")
        }
    }
}

extension Configuration {
    /// When a model is left alone for a while.
    public struct Breaker: Encodable, Sendable, Equatable {
        /// After so many outages and rate limits in a row. 0 leaves no model alone.
        public var failures: Int64?
        /// For so long, 1 ms to 1 day; then a single call probes whether it is back.
        public var pause: Duration?

        public init(
            failures: Int64? = nil,
            pause: Duration? = nil
        ) {
            self.failures = failures
            self.pause = pause
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(failures, forKey: "failures")
            try parts.encodeIfPresent(pause?.spanText, forKey: "pause")
        }
    }
}

extension Configuration {
    /// What happens to a stream that breaks.
    public struct Streams: Encodable, Sendable, Equatable {
        /// What is done about it.
        public var broken: Broken?
        /// With `restart`: so many pieces of text are held back before the first is passed on, 1 to 1,000. A piece is an event
        /// with text in it, mostly a token.
        public var holdTokens: Int64?

        public init(
            broken: Broken? = nil,
            holdTokens: Int64? = nil
        ) {
            self.broken = broken
            self.holdTokens = holdTokens
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(broken, forKey: "broken")
            try parts.encodeIfPresent(holdTokens, forKey: "hold_tokens")
        }
    }
}

extension Configuration {
    /// How a call is carried to a provider of another format.
    public struct Translation: Encodable, Sendable, Equatable {
        /// Whether a call that cannot be carried as it is, is refused; otherwise it is changed, and the changes are named.
        public var strict: Bool?

        public init(
            strict: Bool? = nil
        ) {
            self.strict = strict
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(strict, forKey: "strict")
        }
    }
}

extension Configuration {
    /// What is remembered of each call.
    public struct Logs: Encodable, Sendable, Equatable {
        /// Whether a call is logged if its request does not say.
        public var enabled: Bool?
        /// The SQLite file. Without it the log is kept in memory and ends with the gateway.
        public var path: String?
        /// Whether bodies are kept if the request does not say.
        public var payloads: Bool?
        /// How many logs are kept, at least 1. Without it there is no bound.
        public var maxRecords: Int64?
        /// What happens at `max_records`.
        public var whenFull: WhenFull?
        /// What an end without warning may cost.
        public var durability: Durability?

        public init(
            enabled: Bool? = nil,
            path: String? = nil,
            payloads: Bool? = nil,
            maxRecords: Int64? = nil,
            whenFull: WhenFull? = nil,
            durability: Durability? = nil
        ) {
            self.enabled = enabled
            self.path = path
            self.payloads = payloads
            self.maxRecords = maxRecords
            self.whenFull = whenFull
            self.durability = durability
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(enabled, forKey: "enabled")
            try parts.encodeIfPresent(path, forKey: "path")
            try parts.encodeIfPresent(payloads, forKey: "payloads")
            try parts.encodeIfPresent(maxRecords, forKey: "max_records")
            try parts.encodeIfPresent(whenFull, forKey: "when_full")
            try parts.encodeIfPresent(durability, forKey: "durability")
        }
    }
}

extension Configuration {
    /// A receiver of logs, and how they get there.
    public struct Upload: Encodable, Sendable, Equatable {
        /// Where batches are posted to: an `http` or `https` URL without credentials, query or fragment.
        public var to: String?
        /// What the receiver is shown as `authorization: Bearer {key}`.
        public var key: Secret?
        /// The environment variable that holds the key.
        public var keyEnv: String?
        /// Headers for every batch. Their values are kept like keys.
        public var headers: [String: Secret]?
        /// Whether bodies are sent too, where the log keeps them.
        public var payloads: Bool?
        /// How many records a batch holds at most: 1 to 10,000.
        public var batchRecords: Int64?
        /// How many bytes a batch holds at most before it is compressed: 1 KiB to 64 MiB. A record that is larger goes alone.
        public var batchBytes: Int64?
        /// How long a record waits for others, up to 1 hour.
        public var batchAge: Duration?
        /// How many bytes may wait, at least 64 KiB. Beyond it bodies of the oldest records are left out, then records of
        /// calls that succeeded, then the others; each is counted.
        public var maxBytes: Int64?

        public init(
            to: String? = nil,
            key: Secret? = nil,
            keyEnv: String? = nil,
            headers: [String: Secret]? = nil,
            payloads: Bool? = nil,
            batchRecords: Int64? = nil,
            batchBytes: Int64? = nil,
            batchAge: Duration? = nil,
            maxBytes: Int64? = nil
        ) {
            self.to = to
            self.key = key
            self.keyEnv = keyEnv
            self.headers = headers
            self.payloads = payloads
            self.batchRecords = batchRecords
            self.batchBytes = batchBytes
            self.batchAge = batchAge
            self.maxBytes = maxBytes
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(to, forKey: "to")
            try parts.encodeIfPresent(key, forKey: "key")
            try parts.encodeIfPresent(keyEnv, forKey: "key_env")
            try parts.encodeIfPresent(headers, forKey: "headers")
            try parts.encodeIfPresent(payloads, forKey: "payloads")
            try parts.encodeIfPresent(batchRecords, forKey: "batch_records")
            try parts.encodeIfPresent(batchBytes, forKey: "batch_bytes")
            try parts.encodeIfPresent(batchAge?.spanText, forKey: "batch_age")
            try parts.encodeIfPresent(maxBytes, forKey: "max_bytes")
        }
    }
}

extension Configuration {
    /// The server on the loopback interface.
    public struct Server: Encodable, Sendable, Equatable {
        /// The TCP port; 0 takes any that is free.
        public var port: Int64?
        /// What requests must bring as `cf-aig-authorization: Bearer {token}`. Without it none is asked for.
        public var token: Secret?

        public init(
            port: Int64? = nil,
            token: Secret? = nil
        ) {
            self.port = port
            self.token = token
        }

        public func encode(to encoder: any Encoder) throws {
            var parts = encoder.container(keyedBy: ConfigurationKey.self)
            try parts.encodeIfPresent(port, forKey: "port")
            try parts.encodeIfPresent(token, forKey: "token")
        }
    }
}

extension Configuration {
    /// How a stored stream is given again. Its chunks are those that had come either way.
    public enum Replay: String, Encodable, Sendable, CaseIterable {
        /// As fast as the caller reads.
        case atOnce = "at_once"
        /// With the pauses that were between its chunks.
        case original
    }
}

extension Configuration {
    /// What the cache does.
    public enum CacheMode: String, Encodable, Sendable, CaseIterable {
        /// Kept answers are given, and new ones kept.
        case readWrite = "read_write"
        /// Kept answers are given; new ones are not kept.
        case readOnly = "read_only"
        /// The provider is always asked, and its answer takes the place of the kept one.
        case writeOnly = "write_only"
    }
}

extension Configuration {
    /// Whose `Cache-Control` headers the cache minds.
    public enum CacheControl: String, Encodable, Sendable, CaseIterable {
        /// Those of requests.
        case request
        /// Those of requests, and those of the providers' answers.
        case both
        /// Nobody's.
        case ignore
    }
}

extension Configuration {
    /// What becomes of a near answer.
    public enum SemanticMode: String, Encodable, Sendable, CaseIterable {
        /// It is told of in header and log, and not given.
        case shadow
        /// It is given.
        case serve
    }
}

extension Configuration {
    /// What a rule counts.
    public enum Count: String, Encodable, Sendable, CaseIterable {
        /// Calls.
        case requests
        /// Tokens, in and out together.
        case tokens
        /// Input tokens.
        case tokensIn = "tokens_in"
        /// Output tokens.
        case tokensOut = "tokens_out"
        /// Money.
        case cost
        /// Calls that have not ended.
        case concurrency
    }
}

extension Configuration {
    /// How a limit's span of time moves.
    public enum Technique: String, Encodable, Sendable, CaseIterable {
        /// One span follows the other; each starts at zero.
        case fixed
        /// The span that ends now.
        case sliding
        /// A bucket that holds `limit` and fills up evenly, all of it in one span.
        case tokenBucket = "token_bucket"
    }
}

extension Configuration {
    /// Whether a rule holds calls back.
    public enum LimitMode: String, Encodable, Sendable, CaseIterable {
        /// It does.
        case enforce
        /// It counts, and the answer's `x-tollhouse-limits-observed` names it where it would have.
        case observe
    }
}

extension Configuration {
    /// What happens to a call that does not pass.
    public enum AtLimit: String, Encodable, Sendable, CaseIterable {
        /// It is answered 429.
        case reject
        /// It waits its turn for `max_wait`, those with a higher `x-tollhouse-priority` first, and is answered 429 then.
        case wait
    }
}

extension Configuration {
    /// When a budget begins anew.
    public enum Period: String, Encodable, Sendable, CaseIterable {
        /// At midnight.
        case day
        /// At midnight before Monday.
        case week
        /// At midnight before the first day of a month.
        case month
        /// Never: what counts is what was spent in the span `per` that ends now.
        case rolling
        /// Never.
        case total
    }
}

extension Configuration {
    /// What happens at a budget's limit.
    public enum BudgetMode: String, Encodable, Sendable, CaseIterable {
        /// Calls are answered 429, and no provider is called.
        case hard
        /// Calls pass, and an alert says so.
        case soft
    }
}

extension Configuration {
    /// What happens to a call whose cost nobody can tell before it is made.
    public enum Unpriced: String, Encodable, Sendable, CaseIterable {
        /// It is answered 429.
        case refuse
        /// It passes, and is counted as unpriced.
        case pass
    }
}

extension Configuration {
    /// How the delay between tries grows.
    public enum Backoff: String, Encodable, Sendable, CaseIterable {
        /// Always the same: d, d, d.
        case constant
        /// d, 2d, 3d.
        case linear
        /// d, 2d, 4d.
        case exponential
    }
}

extension Configuration {
    /// Who is asked beside a call that does not begin to answer.
    public enum HedgeTo: String, Encodable, Sendable, CaseIterable {
        /// The next target, as after an outage; the same one where no other follows.
        case next
        /// The same one again.
        case same
    }
}

extension Configuration {
    /// The format that a provider's bodies are in: it decides how usage and stream ends are read, and whether an
    /// OpenAI-shaped call needs translation.
    public enum Format: String, Encodable, Sendable, CaseIterable {
        /// OpenAI: chat completions, responses, embeddings.
        case openai
        /// Anthropic messages.
        case anthropic
        /// Google Gemini `generateContent`.
        case gemini
        /// Amazon Bedrock's Converse.
        case bedrock
        /// Cloudflare Workers AI.
        case workersAi = "workers-ai"
        /// Anything else: passed through, neither metered nor translated.
        case other
    }
}

extension Configuration {
    /// How the chats of a provider take the beginning of an answer: as a last message of the assistant's.
    public enum Prefill: String, Encodable, Sendable, CaseIterable {
        /// As it is.
        case plain
        /// With `prefix: true`.
        case prefix
        /// With `partial: true`.
        case partial
    }
}

extension Configuration {
    /// Which model is asked first, and which next.
    public enum Strategy: String, Encodable, Sendable, CaseIterable {
        /// In the order in which they are written.
        case ordered
        /// By chance, according to their weights.
        case weighted
        /// The one with the fewest calls under way for its weight.
        case leastBusy = "least_busy"
        /// Of two drawn by chance the quicker one: time to the first byte, lately and at its worst, times the calls under way.
        case lowestLatency = "lowest_latency"
        /// The cheapest by its price list, input and output together.
        case lowestCost = "lowest_cost"
        /// The same one for the same `sticky_by`, spread by weight.
        case sticky
    }
}

extension Configuration {
    /// The kinds of failure, by what helps against them.
    public enum Failure: String, Encodable, Sendable, CaseIterable {
        /// No answer, 408, 425, or 500 and above.
        case outage
        /// 429.
        case rateLimit = "rate_limit"
        /// The request is too long for the model.
        case contextWindow = "context_window"
        /// The provider or the model refuses the content.
        case refusal
        /// 401, 402 or 403.
        case auth
        /// 404: no such model, or no such path.
        case notFound = "not_found"
        /// Any other 4xx: the request itself.
        case request
    }
}

extension Configuration {
    /// What is done about a stream that breaks.
    public enum Broken: String, Encodable, Sendable, CaseIterable {
        /// It is an error in the caller's hands.
        case error
        /// If nothing of it was passed on yet, it is a failed try: it is tried again, or the next target is asked.
        case restart
        /// The next target goes on from the text so far, where it takes a beginning; plain text of chats only.
        case `continue`
    }
}

extension Configuration {
    /// What happens when the log is full.
    public enum WhenFull: String, Encodable, Sendable, CaseIterable {
        /// The oldest log makes room.
        case deleteOldest = "delete_oldest"
        /// New calls are not logged.
        case stopInserting = "stop_inserting"
    }
}

extension Configuration {
    /// What an end without warning may cost of the log.
    public enum Durability: String, Encodable, Sendable, CaseIterable {
        /// A process that is killed loses nothing that was flushed; a power cut may cost the last moments.
        case group
        /// A power cut loses nothing that was flushed, at the price of a sync for each group of logs.
        case full
    }
}

extension Configuration {
    /// How much passes: a whole number, or an amount of money.
    public enum Ceiling: Encodable, Sendable, Equatable {
        case integer(Int64)
        case money(Decimal)

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .integer(let value): try container.encode(value)
            case .money(let value): try container.encode(value.moneyText)
            }
        }
    }
}

extension Configuration.Ceiling: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}

extension Configuration {
    /// Something after which a target may be tried again.
    public enum Cause: Encodable, Sendable, Equatable {
        case string(String)
        case integer(Int64)

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .string(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            }
        }
    }
}

extension Configuration.Cause: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension Configuration.Cause: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}
