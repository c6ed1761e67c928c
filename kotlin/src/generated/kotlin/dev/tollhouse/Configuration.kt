// Made by scripts/gen-config out of docs/reference/config.schema.json: do not edit.

package dev.tollhouse

import java.math.BigDecimal
import kotlin.time.Duration
import kotlinx.serialization.json.JsonElement

/** The configuration of a gateway: the same document as `tollhouse.toml`. What is not set keeps its default. */
@ConfigurationDsl
public class Configuration : ConfigurationPart() {
    /** The gateway's id, as it stands in URLs and logs: 1 to 64 letters, digits, `-`, `_` or `.`. */
    public var id: String? = null

    /** Answers that are given again without a call. */
    public var cache: Cache? = null

    /** Sets parts of [cache]. */
    public fun cache(set: Cache.() -> Unit) {
        (cache ?: Cache().also { cache = it }).apply(set)
    }

    /** How much may go out. */
    public var limits: Limits? = null

    /** Sets parts of [limits]. */
    public fun limits(set: Limits.() -> Unit) {
        (limits ?: Limits().also { limits = it }).apply(set)
    }

    /** How much may be spent, under names of your own. */
    public var budgets: MutableMap<String, Budget> = mutableMapOf()

    /** Sets parts of one of [budgets]. */
    public fun budget(name: String, set: Budget.() -> Unit) {
        budgets.getOrPut(name) { Budget() }.apply(set)
    }

    /** Prepaid credit. */
    public var credits: Credits? = null

    /** Sets parts of [credits]. */
    public fun credits(set: Credits.() -> Unit) {
        (credits ?: Credits().also { credits = it }).apply(set)
    }

    /** What one unit of a currency costs: `EUR = "1.08 USD"`. */
    public var currencies: MutableMap<String, BigDecimal> = mutableMapOf()

    /** What is tried again. */
    public var retries: Retry? = null

    /** Sets parts of [retries]. */
    public fun retries(set: Retry.() -> Unit) {
        (retries ?: Retry().also { retries = it }).apply(set)
    }

    /** How long is waited. */
    public var timeouts: Timeout? = null

    /** Sets parts of [timeouts]. */
    public fun timeouts(set: Timeout.() -> Unit) {
        (timeouts ?: Timeout().also { timeouts = it }).apply(set)
    }

    /** When a second call is made beside one that does not begin to answer. */
    public var hedging: Hedging? = null

    /** Sets parts of [hedging]. */
    public fun hedging(set: Hedging.() -> Unit) {
        (hedging ?: Hedging().also { hedging = it }).apply(set)
    }

    /**
     * Settings by provider slug. A slug that is not in the catalogue makes a provider of your own, used as
     * `custom-{slug}`.
     */
    public var providers: MutableMap<String, Provider> = mutableMapOf()

    /** Sets parts of one of [providers]. */
    public fun provider(name: String, set: Provider.() -> Unit) {
        providers.getOrPut(name) { Provider() }.apply(set)
    }

    /** Prices by `provider/model`; they go before the built-in ones. `*` in a name stands for anything. */
    public var prices: MutableMap<String, Price> = mutableMapOf()

    /** Sets parts of one of [prices]. */
    public fun price(name: String, set: Price.() -> Unit) {
        prices.getOrPut(name) { Price() }.apply(set)
    }

    /** What models can do, by `provider/model`: a route skips those that cannot serve a request. */
    public var models: MutableMap<String, Model> = mutableMapOf()

    /** Sets parts of one of [models]. */
    public fun model(name: String, set: Model.() -> Unit) {
        models.getOrPut(name) { Model() }.apply(set)
    }

    /** Routes by name; each is the model `dynamic/{name}`. */
    public var routes: MutableMap<String, Route> = mutableMapOf()

    /** Sets parts of one of [routes]. */
    public fun route(name: String, set: Route.() -> Unit) {
        routes.getOrPut(name) { Route() }.apply(set)
    }

    /** What happens to a stream that breaks. */
    public var streams: Streams? = null

    /** Sets parts of [streams]. */
    public fun streams(set: Streams.() -> Unit) {
        (streams ?: Streams().also { streams = it }).apply(set)
    }

    /** How a call is carried to a provider of another format. */
    public var translation: Translation? = null

    /** Sets parts of [translation]. */
    public fun translation(set: Translation.() -> Unit) {
        (translation ?: Translation().also { translation = it }).apply(set)
    }

    /** What is remembered of each call. */
    public var logs: Logs? = null

    /** Sets parts of [logs]. */
    public fun logs(set: Logs.() -> Unit) {
        (logs ?: Logs().also { logs = it }).apply(set)
    }

    /** Where logs are sent to as well, by names of your own. */
    public var uploads: MutableMap<String, Upload> = mutableMapOf()

    /** Sets parts of one of [uploads]. */
    public fun upload(name: String, set: Upload.() -> Unit) {
        uploads.getOrPut(name) { Upload() }.apply(set)
    }

    /** The server on the loopback interface. */
    public var server: Server? = null

    /** Sets parts of [server]. */
    public fun server(set: Server.() -> Unit) {
        (server ?: Server().also { server = it }).apply(set)
    }

    override fun parts(): Map<String, Any?> =
        mapOf(
            "id" to id,
            "cache" to cache,
            "limits" to limits,
            "budgets" to budgets,
            "credits" to credits,
            "currencies" to currencies,
            "retries" to retries,
            "timeouts" to timeouts,
            "hedging" to hedging,
            "providers" to providers,
            "prices" to prices,
            "models" to models,
            "routes" to routes,
            "streams" to streams,
            "translation" to translation,
            "logs" to logs,
            "uploads" to uploads,
            "server" to server,
        )

    /** Answers that are given again without a call. */
    @ConfigurationDsl
    public class Cache : ConfigurationPart() {
        /**
         * How long an answer is given again: 1 s to 31 days. Without it, or with `"0"`, only requests that ask for it
         * are cached.
         */
        public var ttl: Duration? = null

        /** Memory for all answers together. 0 stores none. */
        public var maxBytes: Long? = null

        /** Larger requests and answers are not stored. */
        public var maxEntryBytes: Long? = null

        /** Whether streams are stored and answered too. */
        public var streams: Boolean? = null

        /** How a stored stream is given again. */
        public var replay: Replay? = null

        /** What the cache does if a request does not say. */
        public var mode: CacheMode? = null

        /** Whose `Cache-Control` headers are minded. */
        public var control: CacheControl? = null

        /** How long after its time an answer is still given while another is fetched behind it, up to 31 days. */
        public var staleWhileRevalidate: Duration? = null

        /** How long after its time an answer is still given if nobody answers, up to 31 days. */
        public var staleIfError: Duration? = null

        /**
         * Fields of a JSON body that make no other request: `user`, or names from the top down with `/` between them, such as
         * `metadata/user_id`, where `*` is any name and each item of a list. At most 64.
         */
        public var ignore: MutableList<String> = mutableListOf()

        /** Answers to questions that mean the same. Without it there are none. */
        public var semantic: Semantic? = null

        /** Sets parts of [semantic]. */
        public fun semantic(set: Semantic.() -> Unit) {
            (semantic ?: Semantic().also { semantic = it }).apply(set)
        }

        /** A `SQLite` file in which the processes of one host keep answers together. It may be the file of `limits.path`. */
        public var path: String? = null

        /** The file's room for all answers together, at least 1 MB; what has not been used for long makes room. */
        public var maxFileBytes: Long? = null

        /**
         * A Redis or Valkey server on which many hosts keep answers together:
         * `redis://[user:password@]host[:port][/database]`. It may hold a password, so it is kept like a key.
         */
        public var redis: String? = null

        /** How long a call waits for that server, 1 ms to 10 s. One that is slower or gone is a miss. */
        public var redisTimeout: Duration? = null

        /**
         * How long a process answers from its own memory before it asks the file or the server again, up to 1 h. What is purged
         * elsewhere may be given for so long. `"0"` asks every time.
         */
        public var memoryTtl: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "ttl" to ttl,
                "max_bytes" to maxBytes,
                "max_entry_bytes" to maxEntryBytes,
                "streams" to streams,
                "replay" to replay,
                "mode" to mode,
                "control" to control,
                "stale_while_revalidate" to staleWhileRevalidate,
                "stale_if_error" to staleIfError,
                "ignore" to ignore,
                "semantic" to semantic,
                "path" to path,
                "max_file_bytes" to maxFileBytes,
                "redis" to redis,
                "redis_timeout" to redisTimeout,
                "memory_ttl" to memoryTtl,
            )
    }

    /** Answers to questions that mean the same. */
    @ConfigurationDsl
    public class Semantic : ConfigurationPart() {
        /** The model that embeds questions, as `provider/model`; its provider must have OpenAI's embeddings endpoint. */
        public var model: String? = null

        /** Whether near answers are given, or only told of. */
        public var mode: SemanticMode? = null

        /** How alike two questions must be: the cosine of their vectors, 0 to 1. */
        public var threshold: Double? = null

        /** Other thresholds by namespace, for calls with `x-tollhouse-cache-namespace`. */
        public var namespaces: MutableMap<String, Double> = mutableMapOf()

        /** How many questions are remembered, 1 to 100000; each takes about five bytes for each part of its vector. */
        public var maxEntries: Long? = null

        /** How long an embedding may take, 1 ms to 1 min; a call that it takes longer for is made as usual. */
        public var timeout: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "model" to model,
                "mode" to mode,
                "threshold" to threshold,
                "namespaces" to namespaces,
                "max_entries" to maxEntries,
                "timeout" to timeout,
            )
    }

    /**
     * What is refused, or made to wait, before a call is made. Several rules hold together: a call passes all of them, or
     * it counts in none.
     */
    @ConfigurationDsl
    public class Limits : ConfigurationPart() {
        /** How many calls in a span of time. Answers from the cache do not count. */
        public var requests: LimitRule? = null

        /** Sets parts of [requests]. */
        public fun requests(set: LimitRule.() -> Unit) {
            (requests ?: LimitRule().also { requests = it }).apply(set)
        }

        /** How many tokens, in and out, in a span of time. */
        public var tokens: LimitRule? = null

        /** Sets parts of [tokens]. */
        public fun tokens(set: LimitRule.() -> Unit) {
            (tokens ?: LimitRule().also { tokens = it }).apply(set)
        }

        /** How much money in a span of time, by the price table. */
        public var cost: LimitRule? = null

        /** Sets parts of [cost]. */
        public fun cost(set: LimitRule.() -> Unit) {
            (cost ?: LimitRule().also { cost = it }).apply(set)
        }

        /** How many calls at once; a call ends when its answer's body does. */
        public var concurrency: LimitRule? = null

        /** Sets parts of [concurrency]. */
        public fun concurrency(set: LimitRule.() -> Unit) {
            (concurrency ?: LimitRule().also { concurrency = it }).apply(set)
        }

        /** More rules under names of your own. Each says in `count` what it counts. */
        public var rules: MutableMap<String, LimitRule> = mutableMapOf()

        /** Sets parts of one of [rules]. */
        public fun rule(name: String, set: LimitRule.() -> Unit) {
            rules.getOrPut(name) { LimitRule() }.apply(set)
        }

        /** The limits that providers have themselves. */
        public var quotas: Quota? = null

        /** Sets parts of [quotas]. */
        public fun quotas(set: Quota.() -> Unit) {
            (quotas ?: Quota().also { quotas = it }).apply(set)
        }

        /** A `SQLite` file in which the processes of one host count together. Without it each counts for itself. */
        public var path: String? = null

        /**
         * A Redis or Valkey server on which many hosts count together: `redis://[user:password@]host[:port][/database]`. It
         * may hold a password, so it is kept like a key.
         */
        public var redis: String? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "requests" to requests,
                "tokens" to tokens,
                "cost" to cost,
                "concurrency" to concurrency,
                "rules" to rules,
                "quotas" to quotas,
                "path" to path,
                "redis" to redis,
            )
    }

    /** One rule. */
    @ConfigurationDsl
    public class LimitRule : ConfigurationPart() {
        /** What is counted. Only `rules` need it: `requests`, `tokens`, `cost` and `concurrency` say it by their name. */
        public var count: Count? = null

        /** How much passes: a whole number, or an amount of money such as `"5 USD"` for `cost`. 0 switches the rule off. */
        public var limit: Ceiling? = null

        /** In which span of time, up to 31 days. `"0"` switches the rule off. Concurrency has none. */
        public var per: Duration? = null

        /** How the span of time moves; `fixed` without it. */
        public var technique: Technique? = null

        /**
         * Who has a count of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
         * `metadata.{key}`, or a list of them. Calls that lack it share one count.
         */
        public var by: MutableList<String> = mutableListOf()

        /**
         * Which calls the rule is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end
         * stands for anything. Without it the rule is for all.
         */
        public var `when`: MutableMap<String, String> = mutableMapOf()

        /** Whether the rule holds calls back, or only says that it would have. */
        public var mode: LimitMode? = null

        /** What happens to a call that does not pass. */
        public var whenFull: AtLimit? = null

        /** How long a call waits at most where `when_full` is `wait`, up to 1 h; 10 s without it. */
        public var maxWait: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "count" to count,
                "limit" to limit,
                "per" to per,
                "technique" to technique,
                "by" to by,
                "when" to `when`,
                "mode" to mode,
                "when_full" to whenFull,
                "max_wait" to maxWait,
            )
    }

    /** The limits that providers have themselves, as their answers tell. */
    @ConfigurationDsl
    public class Quota : ConfigurationPart() {
        /** Whether a call waits where its provider's last answers say that it would be refused. */
        public var pace: Boolean? = null

        /** For how long at most, up to 1 h. Where it would be longer the call goes out, and the provider says no. */
        public var maxWait: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "pace" to pace,
                "max_wait" to maxWait,
            )
    }

    /** How much may be spent in a period, by everybody together or by each of somebody. */
    @ConfigurationDsl
    public class Budget : ConfigurationPart() {
        /**
         * How much: `"100 USD"`, or an amount in a currency that `currencies` has a rate for. 0 lets nothing pass but what is
         * free.
         */
        public var limit: String? = null

        /** When it begins anew. */
        public var period: Period? = null

        /** How long a `rolling` period is, up to 31 days. */
        public var per: Duration? = null

        /** Where a day begins at midnight: a name of the IANA time zone database such as `Europe/Berlin`; UTC without it. */
        public var timeZone: String? = null

        /**
         * Who has a budget of their own: `gateway` (all calls together), `provider`, `model`, `key`, `user`,
         * `metadata.{key}`, or a list of them. Calls that lack it share one.
         */
        public var by: MutableList<String> = mutableListOf()

        /**
         * Which calls it is for, by the same words: `{ provider = "openai", model = "gpt-4o*" }`. A `*` at the end stands for
         * anything. Without it the budget is for all.
         */
        public var `when`: MutableMap<String, String> = mutableMapOf()

        /** What happens at the limit. */
        public var mode: BudgetMode? = null

        /**
         * What happens to a call whose cost nobody can tell before; `refuse` without it where the budget is hard, `pass` where
         * it is soft.
         */
        public var unpriced: Unpriced? = null

        /** From which part of the limit on an alert is raised, in percent: 1 to 100; 100 without it. */
        public var alertAtPercent: Long? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "limit" to limit,
                "period" to period,
                "per" to per,
                "time_zone" to timeZone,
                "by" to by,
                "when" to `when`,
                "mode" to mode,
                "unpriced" to unpriced,
                "alert_at_percent" to alertAtPercent,
            )
    }

    /** Prepaid credit. */
    @ConfigurationDsl
    public class Credits : ConfigurationPart() {
        /**
         * The `SQLite` file of the ledger, shared by the processes of one host. Without it credit is kept in memory and ends
         * with the gateway.
         */
        public var path: String? = null

        /**
         * Wallets under names of your own. A call draws on the first one, by name, that is for it; one that none is for costs
         * no credit.
         */
        public var wallets: MutableMap<String, Wallet> = mutableMapOf()

        /** Sets parts of one of [wallets]. */
        public fun wallet(name: String, set: Wallet.() -> Unit) {
            wallets.getOrPut(name) { Wallet() }.apply(set)
        }

        override fun parts(): Map<String, Any?> =
            mapOf(
                "path" to path,
                "wallets" to wallets,
            )
    }

    /** A wallet, or one for each of somebody. */
    @ConfigurationDsl
    public class Wallet : ConfigurationPart() {
        /**
         * Who has a wallet of their own, called `{name}/{value}`: `provider`, `model`, `key`, `user`, `metadata.{key}`, or a
         * list of them. Without it there is one, called `{name}`.
         */
        public var by: MutableList<String> = mutableListOf()

        /** Which calls it is for, by the same words. A `*` at the end stands for anything. Without it, for all. */
        public var `when`: MutableMap<String, String> = mutableMapOf()

        /** What is drawn beyond the cost of a call, in percent of it: 0 to 1000. */
        public var markupPercent: Long? = null

        /** What happens to a call whose cost nobody can tell before; `refuse` without it. */
        public var unpriced: Unpriced? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "by" to by,
                "when" to `when`,
                "markup_percent" to markupPercent,
                "unpriced" to unpriced,
            )
    }

    /** What is tried again at the same target. */
    @ConfigurationDsl
    public class Retry : ConfigurationPart() {
        /** How often a target is tried, the first time included: 1 to 5. */
        public var maxAttempts: Long? = null

        /** What is waited before the second try, up to 5 s. */
        public var delay: Duration? = null

        /** How the delay grows. */
        public var backoff: Backoff? = null

        /** By how much a wait may be shortened by chance, in percent, so that many callers do not come back at once: 0 to 100. */
        public var jitterPercent: Long? = null

        /** After what is tried again: `not_sent`, `maybe_processed`, a status such as `429`, or `5xx`. */
        public var on: MutableList<Cause> = mutableListOf()

        /**
         * How many calls more a provider may get by retries, in percent of the calls to it: 0 to 100. Ten retries are always
         * free, so that a few calls alone are tried again as they ask. 0 sets no bound.
         */
        public var budgetPercent: Long? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "max_attempts" to maxAttempts,
                "delay" to delay,
                "backoff" to backoff,
                "jitter_percent" to jitterPercent,
                "on" to on,
                "budget_percent" to budgetPercent,
            )
    }

    /** How long is waited. Zero waits for ever, where that is allowed. */
    @ConfigurationDsl
    public class Timeout : ConfigurationPart() {
        /** For a connection to a provider: 1 ms to 1 day. */
        public var connect: Duration? = null

        /** From sending a request to the first byte of its answer, up to 1 day. A stream that began in time is not cut. */
        public var firstByte: Duration? = null

        /** From the call to the end of its answer, all tries, targets and waits included, up to 1 day. A stream is cut too. */
        public var total: Duration? = null

        /** Between two chunks of an answer, up to 1 day; 10 minutes without it, as the providers' SDKs have it. */
        public var betweenChunks: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "connect" to connect,
                "first_byte" to firstByte,
                "total" to total,
                "between_chunks" to betweenChunks,
            )
    }

    /** A second call beside one that does not begin to answer: the first good answer is taken, and the other call is let go. */
    @ConfigurationDsl
    public class Hedging : ConfigurationPart() {
        /** After so long without an answer, up to 1 day. Without it, or with `"0"`, only requests that ask for it are hedged. */
        public var after: Duration? = null

        /**
         * In the place of `after`, once twenty answers of a model are known: the time within which so many percent of its last
         * hundred began, 50 to 99.
         */
        public var percentile: Long? = null

        /** Who is asked beside. */
        public var to: HedgeTo? = null

        /**
         * How many calls to a provider may be hedged, in percent of all calls to it: 0 to 100. Ten are always free, so that a
         * few calls alone are hedged as they ask. 0 sets no bound.
         */
        public var budgetPercent: Long? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "after" to after,
                "percentile" to percentile,
                "to" to to,
                "budget_percent" to budgetPercent,
            )
    }

    /** Settings of one provider. */
    @ConfigurationDsl
    public class Provider : ConfigurationPart() {
        /** The key, used where a request brings none. Without it the variables that the provider's own SDK reads are asked. */
        public var key: String? = null

        /**
         * Several keys that take turns; one that the provider refuses, or that has reached its limit, rests while the others
         * go on.
         */
        public var keys: MutableList<String> = mutableListOf()

        /** The environment variable that holds the key. */
        public var keyEnv: String? = null

        /** Where the provider is: an `http` or `https` URL without credentials, query or fragment. */
        public var baseUrl: String? = null

        /** The format of its bodies; `openai` for a provider of your own. */
        public var format: Format? = null

        /**
         * How its chats take the beginning of an answer, for streams that break (`streams.broken = "continue"`). Known of
         * the providers that document it.
         */
        public var prefill: Prefill? = null

        /** Headers for every request that does not bring them itself. Their values are kept like keys. */
        public var headers: MutableMap<String, String> = mutableMapOf()

        override fun parts(): Map<String, Any?> =
            mapOf(
                "key" to key,
                "keys" to keys,
                "key_env" to keyEnv,
                "base_url" to baseUrl,
                "format" to format,
                "prefill" to prefill,
                "headers" to headers,
            )
    }

    /** Prices of one model, each per million tokens unless it says otherwise; or what is taken off the catalogue's prices. */
    @ConfigurationDsl
    public class Price : ConfigurationPart() {
        /** Input tokens. In US dollars. */
        public var input: BigDecimal? = null

        /** Output tokens. Without it what is put out has no price. In US dollars. */
        public var output: BigDecimal? = null

        /** Input tokens that the provider's prompt cache held; without it they cost as much as other input. In US dollars. */
        public var cacheRead: BigDecimal? = null

        /** Input tokens written to the provider's prompt cache; without it they cost as much as other input. In US dollars. */
        public var cacheWrite: BigDecimal? = null

        /** The same for an hour; without it they cost as much as other writes. In US dollars. */
        public var cacheWrite1h: BigDecimal? = null

        /** Output tokens spent on reasoning; without it they cost as much as other output. In US dollars. */
        public var reasoning: BigDecimal? = null

        /** Sound that is listened to; without it it costs as much as text. In US dollars. */
        public var audioIn: BigDecimal? = null

        /** Sound that is put out; without it it costs as much as text. In US dollars. */
        public var audioOut: BigDecimal? = null

        /** Pictures that are seen; without it they cost as much as text. In US dollars. */
        public var imageIn: BigDecimal? = null

        /** Pictures that are put out; without it they cost as much as text. In US dollars. */
        public var imageOut: BigDecimal? = null

        /** A call; this and what follows is not per million. In US dollars. */
        public var request: BigDecimal? = null

        /** A picture that is made. In US dollars. */
        public var image: BigDecimal? = null

        /** A search on the web that the provider makes. In US dollars. */
        public var search: BigDecimal? = null

        /** An hour of sound that is listened to. In US dollars. */
        public var hour: BigDecimal? = null

        /** What is taken off the catalogue's price, in percent, 0 to 100: an agreement of your own. Not beside prices. */
        public var discountPercent: Double? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "input" to input,
                "output" to output,
                "cache_read" to cacheRead,
                "cache_write" to cacheWrite,
                "cache_write_1h" to cacheWrite1h,
                "reasoning" to reasoning,
                "audio_in" to audioIn,
                "audio_out" to audioOut,
                "image_in" to imageIn,
                "image_out" to imageOut,
                "request" to request,
                "image" to image,
                "search" to search,
                "hour" to hour,
                "discount_percent" to discountPercent,
            )
    }

    /** What is known of a model beyond its price. What is not said is not known, and nothing is skipped for it. */
    @ConfigurationDsl
    public class Model : ConfigurationPart() {
        /** Tokens that a request and its answer may have together. */
        public var contextTokens: Long? = null

        /** Whether it calls tools. */
        public var tools: Boolean? = null

        /** Whether it reads images. */
        public var images: Boolean? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "context_tokens" to contextTokens,
                "tools" to tools,
                "images" to images,
            )
    }

    /** A route, called as the model `dynamic/{name}`: a list of models in `try`, or a graph in `file` or `elements`. */
    @ConfigurationDsl
    public class Route : ConfigurationPart() {
        /** The models that may answer, as `provider/model`, at least one and at most 1,000. */
        public var `try`: MutableList<String> = mutableListOf()

        /** Which of them is asked first, and which next. */
        public var strategy: Strategy? = null

        /** Shares for the strategies `weighted`, `least_busy` and `sticky`, by model: 0 to 1,000,000, 1 without it. */
        public var weights: MutableMap<String, Long> = mutableMapOf()

        /** What the strategy `sticky` holds on to: `metadata.{key}`, `headers.{name}` or `body.{field}`. */
        public var stickyBy: String? = null

        /** The failures after which the next one is asked. Other failures are the answer. */
        public var on: MutableList<Failure> = mutableListOf()

        /** Models that are asked instead of the rest of `try`, by the failure that came first. */
        public var instead: Instead? = null

        /** Sets parts of [instead]. */
        public fun instead(set: Instead.() -> Unit) {
            (instead ?: Instead().also { instead = it }).apply(set)
        }

        /** Models that cost more are skipped, and so are those whose price is not known. */
        public var maxPrice: MaxPrice? = null

        /** Sets parts of [maxPrice]. */
        public fun maxPrice(set: MaxPrice.() -> Unit) {
            (maxPrice ?: MaxPrice().also { maxPrice = it }).apply(set)
        }

        /** When a model is left alone for a while. */
        public var breaker: Breaker? = null

        /** Sets parts of [breaker]. */
        public fun breaker(set: Breaker.() -> Unit) {
            (breaker ?: Breaker().also { breaker = it }).apply(set)
        }

        /** From sending a request to the first byte of its answer, up to 1 day; `timeouts.first_byte` without it. */
        public var firstByte: Duration? = null

        /**
         * After so long without an answer a second call is made beside it, up to 1 day; `hedging.after` without it, and never
         * with `"0"`.
         */
        public var hedgeAfter: Duration? = null

        /**
         * The file with the graph: JSON, in the reference's form. It is looked at once a second while it is in use, and read
         * again when it has changed.
         */
        public var file: String? = null

        /** The graph itself: the reference's list of elements. */
        public var elements: MutableList<JsonElement> = mutableListOf()

        override fun parts(): Map<String, Any?> =
            mapOf(
                "try" to `try`,
                "strategy" to strategy,
                "weights" to weights,
                "sticky_by" to stickyBy,
                "on" to on,
                "instead" to instead,
                "max_price" to maxPrice,
                "breaker" to breaker,
                "first_byte" to firstByte,
                "hedge_after" to hedgeAfter,
                "file" to file,
                "elements" to elements,
            )
    }

    /** Models that are asked instead, by the failure that came first. */
    @ConfigurationDsl
    public class Instead : ConfigurationPart() {
        /** After no answer, 408, 425, or 500 and above. */
        public var outage: MutableList<String> = mutableListOf()

        /** After 429. */
        public var rateLimit: MutableList<String> = mutableListOf()

        /** After a request that is too long for the model. */
        public var contextWindow: MutableList<String> = mutableListOf()

        /** After a refusal because of the content. */
        public var refusal: MutableList<String> = mutableListOf()

        /** After 401, 402 or 403. */
        public var auth: MutableList<String> = mutableListOf()

        /** After 404. */
        public var notFound: MutableList<String> = mutableListOf()

        /** After any other 4xx. */
        public var request: MutableList<String> = mutableListOf()

        override fun parts(): Map<String, Any?> =
            mapOf(
                "outage" to outage,
                "rate_limit" to rateLimit,
                "context_window" to contextWindow,
                "refusal" to refusal,
                "auth" to auth,
                "not_found" to notFound,
                "request" to request,
            )
    }

    /** The highest price of a model, per million tokens. */
    @ConfigurationDsl
    public class MaxPrice : ConfigurationPart() {
        /** For input tokens. In US dollars. */
        public var input: BigDecimal? = null

        /** For output tokens. In US dollars. */
        public var output: BigDecimal? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "input" to input,
                "output" to output,
            )
    }

    /** When a model is left alone for a while. */
    @ConfigurationDsl
    public class Breaker : ConfigurationPart() {
        /** After so many outages and rate limits in a row. 0 leaves no model alone. */
        public var failures: Long? = null

        /** For so long, 1 ms to 1 day; then a single call probes whether it is back. */
        public var pause: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "failures" to failures,
                "pause" to pause,
            )
    }

    /** What happens to a stream that breaks. */
    @ConfigurationDsl
    public class Streams : ConfigurationPart() {
        /** What is done about it. */
        public var broken: Broken? = null

        /**
         * With `restart`: so many pieces of text are held back before the first is passed on, 1 to 1,000. A piece is an event
         * with text in it, mostly a token.
         */
        public var holdTokens: Long? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "broken" to broken,
                "hold_tokens" to holdTokens,
            )
    }

    /** How a call is carried to a provider of another format. */
    @ConfigurationDsl
    public class Translation : ConfigurationPart() {
        /** Whether a call that cannot be carried as it is, is refused; otherwise it is changed, and the changes are named. */
        public var strict: Boolean? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "strict" to strict,
            )
    }

    /** What is remembered of each call. */
    @ConfigurationDsl
    public class Logs : ConfigurationPart() {
        /** Whether a call is logged if its request does not say. */
        public var enabled: Boolean? = null

        /** The SQLite file. Without it the log is kept in memory and ends with the gateway. */
        public var path: String? = null

        /** Whether bodies are kept if the request does not say. */
        public var payloads: Boolean? = null

        /** How many logs are kept, at least 1. Without it there is no bound. */
        public var maxRecords: Long? = null

        /** What happens at `max_records`. */
        public var whenFull: WhenFull? = null

        /** What an end without warning may cost. */
        public var durability: Durability? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "enabled" to enabled,
                "path" to path,
                "payloads" to payloads,
                "max_records" to maxRecords,
                "when_full" to whenFull,
                "durability" to durability,
            )
    }

    /** A receiver of logs, and how they get there. */
    @ConfigurationDsl
    public class Upload : ConfigurationPart() {
        /** Where batches are posted to: an `http` or `https` URL without credentials, query or fragment. */
        public var to: String? = null

        /** What the receiver is shown as `authorization: Bearer {key}`. */
        public var key: String? = null

        /** The environment variable that holds the key. */
        public var keyEnv: String? = null

        /** Headers for every batch. Their values are kept like keys. */
        public var headers: MutableMap<String, String> = mutableMapOf()

        /** Whether bodies are sent too, where the log keeps them. */
        public var payloads: Boolean? = null

        /** How many records a batch holds at most: 1 to 10,000. */
        public var batchRecords: Long? = null

        /** How many bytes a batch holds at most before it is compressed: 1 KiB to 64 MiB. A record that is larger goes alone. */
        public var batchBytes: Long? = null

        /** How long a record waits for others, up to 1 hour. */
        public var batchAge: Duration? = null

        /**
         * How many bytes may wait, at least 64 KiB. Beyond it bodies of the oldest records are left out, then records of
         * calls that succeeded, then the others; each is counted.
         */
        public var maxBytes: Long? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "to" to to,
                "key" to key,
                "key_env" to keyEnv,
                "headers" to headers,
                "payloads" to payloads,
                "batch_records" to batchRecords,
                "batch_bytes" to batchBytes,
                "batch_age" to batchAge,
                "max_bytes" to maxBytes,
            )
    }

    /** The server on the loopback interface. */
    @ConfigurationDsl
    public class Server : ConfigurationPart() {
        /** The TCP port; 0 takes any that is free. */
        public var port: Long? = null

        /** What requests must bring as `cf-aig-authorization: Bearer {token}`. Without it none is asked for. */
        public var token: String? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "port" to port,
                "token" to token,
            )
    }

    /** How a stored stream is given again. Its chunks are those that had come either way. */
    public enum class Replay(override val word: String) : ConfigurationWord {
        /** As fast as the caller reads. */
        AT_ONCE("at_once"),
        /** With the pauses that were between its chunks. */
        ORIGINAL("original"),
    }

    /** What the cache does. */
    public enum class CacheMode(override val word: String) : ConfigurationWord {
        /** Kept answers are given, and new ones kept. */
        READ_WRITE("read_write"),
        /** Kept answers are given; new ones are not kept. */
        READ_ONLY("read_only"),
        /** The provider is always asked, and its answer takes the place of the kept one. */
        WRITE_ONLY("write_only"),
    }

    /** Whose `Cache-Control` headers the cache minds. */
    public enum class CacheControl(override val word: String) : ConfigurationWord {
        /** Those of requests. */
        REQUEST("request"),
        /** Those of requests, and those of the providers' answers. */
        BOTH("both"),
        /** Nobody's. */
        IGNORE("ignore"),
    }

    /** What becomes of a near answer. */
    public enum class SemanticMode(override val word: String) : ConfigurationWord {
        /** It is told of in header and log, and not given. */
        SHADOW("shadow"),
        /** It is given. */
        SERVE("serve"),
    }

    /** What a rule counts. */
    public enum class Count(override val word: String) : ConfigurationWord {
        /** Calls. */
        REQUESTS("requests"),
        /** Tokens, in and out together. */
        TOKENS("tokens"),
        /** Input tokens. */
        TOKENS_IN("tokens_in"),
        /** Output tokens. */
        TOKENS_OUT("tokens_out"),
        /** Money. */
        COST("cost"),
        /** Calls that have not ended. */
        CONCURRENCY("concurrency"),
    }

    /** How a limit's span of time moves. */
    public enum class Technique(override val word: String) : ConfigurationWord {
        /** One span follows the other; each starts at zero. */
        FIXED("fixed"),
        /** The span that ends now. */
        SLIDING("sliding"),
        /** A bucket that holds `limit` and fills up evenly, all of it in one span. */
        TOKEN_BUCKET("token_bucket"),
    }

    /** Whether a rule holds calls back. */
    public enum class LimitMode(override val word: String) : ConfigurationWord {
        /** It does. */
        ENFORCE("enforce"),
        /** It counts, and the answer's `x-tollhouse-limits-observed` names it where it would have. */
        OBSERVE("observe"),
    }

    /** What happens to a call that does not pass. */
    public enum class AtLimit(override val word: String) : ConfigurationWord {
        /** It is answered 429. */
        REJECT("reject"),
        /** It waits its turn for `max_wait`, those with a higher `x-tollhouse-priority` first, and is answered 429 then. */
        WAIT("wait"),
    }

    /** When a budget begins anew. */
    public enum class Period(override val word: String) : ConfigurationWord {
        /** At midnight. */
        DAY("day"),
        /** At midnight before Monday. */
        WEEK("week"),
        /** At midnight before the first day of a month. */
        MONTH("month"),
        /** Never: what counts is what was spent in the span `per` that ends now. */
        ROLLING("rolling"),
        /** Never. */
        TOTAL("total"),
    }

    /** What happens at a budget's limit. */
    public enum class BudgetMode(override val word: String) : ConfigurationWord {
        /** Calls are answered 429, and no provider is called. */
        HARD("hard"),
        /** Calls pass, and an alert says so. */
        SOFT("soft"),
    }

    /** What happens to a call whose cost nobody can tell before it is made. */
    public enum class Unpriced(override val word: String) : ConfigurationWord {
        /** It is answered 429. */
        REFUSE("refuse"),
        /** It passes, and is counted as unpriced. */
        PASS("pass"),
    }

    /** How the delay between tries grows. */
    public enum class Backoff(override val word: String) : ConfigurationWord {
        /** Always the same: d, d, d. */
        CONSTANT("constant"),
        /** d, 2d, 3d. */
        LINEAR("linear"),
        /** d, 2d, 4d. */
        EXPONENTIAL("exponential"),
    }

    /** Who is asked beside a call that does not begin to answer. */
    public enum class HedgeTo(override val word: String) : ConfigurationWord {
        /** The next target, as after an outage; the same one where no other follows. */
        NEXT("next"),
        /** The same one again. */
        SAME("same"),
    }

    /**
     * The format that a provider's bodies are in: it decides how usage and stream ends are read, and whether an
     * OpenAI-shaped call needs translation.
     */
    public enum class Format(override val word: String) : ConfigurationWord {
        /** OpenAI: chat completions, responses, embeddings. */
        OPENAI("openai"),
        /** Anthropic messages. */
        ANTHROPIC("anthropic"),
        /** Google Gemini `generateContent`. */
        GEMINI("gemini"),
        /** Amazon Bedrock's Converse. */
        BEDROCK("bedrock"),
        /** Cloudflare Workers AI. */
        WORKERS_AI("workers-ai"),
        /** Anything else: passed through, neither metered nor translated. */
        OTHER("other"),
    }

    /** How the chats of a provider take the beginning of an answer: as a last message of the assistant's. */
    public enum class Prefill(override val word: String) : ConfigurationWord {
        /** As it is. */
        PLAIN("plain"),
        /** With `prefix: true`. */
        PREFIX("prefix"),
        /** With `partial: true`. */
        PARTIAL("partial"),
    }

    /** Which model is asked first, and which next. */
    public enum class Strategy(override val word: String) : ConfigurationWord {
        /** In the order in which they are written. */
        ORDERED("ordered"),
        /** By chance, according to their weights. */
        WEIGHTED("weighted"),
        /** The one with the fewest calls under way for its weight. */
        LEAST_BUSY("least_busy"),
        /** Of two drawn by chance the quicker one: time to the first byte, lately and at its worst, times the calls under way. */
        LOWEST_LATENCY("lowest_latency"),
        /** The cheapest by its price list, input and output together. */
        LOWEST_COST("lowest_cost"),
        /** The same one for the same `sticky_by`, spread by weight. */
        STICKY("sticky"),
    }

    /** The kinds of failure, by what helps against them. */
    public enum class Failure(override val word: String) : ConfigurationWord {
        /** No answer, 408, 425, or 500 and above. */
        OUTAGE("outage"),
        /** 429. */
        RATE_LIMIT("rate_limit"),
        /** The request is too long for the model. */
        CONTEXT_WINDOW("context_window"),
        /** The provider or the model refuses the content. */
        REFUSAL("refusal"),
        /** 401, 402 or 403. */
        AUTH("auth"),
        /** 404: no such model, or no such path. */
        NOT_FOUND("not_found"),
        /** Any other 4xx: the request itself. */
        REQUEST("request"),
    }

    /** What is done about a stream that breaks. */
    public enum class Broken(override val word: String) : ConfigurationWord {
        /** It is an error in the caller's hands. */
        ERROR("error"),
        /** If nothing of it was passed on yet, it is a failed try: it is tried again, or the next target is asked. */
        RESTART("restart"),
        /** The next target goes on from the text so far, where it takes a beginning; plain text of chats only. */
        CONTINUE("continue"),
    }

    /** What happens when the log is full. */
    public enum class WhenFull(override val word: String) : ConfigurationWord {
        /** The oldest log makes room. */
        DELETE_OLDEST("delete_oldest"),
        /** New calls are not logged. */
        STOP_INSERTING("stop_inserting"),
    }

    /** What an end without warning may cost of the log. */
    public enum class Durability(override val word: String) : ConfigurationWord {
        /** A process that is killed loses nothing that was flushed; a power cut may cost the last moments. */
        GROUP("group"),
        /** A power cut loses nothing that was flushed, at the price of a sync for each group of logs. */
        FULL("full"),
    }

    /** How much passes: a whole number, or an amount of money. */
    public class Ceiling private constructor(override val choice: Any) : ConfigurationChoice() {
        public constructor(value: Long) : this(value as Any)
        public constructor(value: BigDecimal) : this(value as Any)
    }

    /** Something after which a target may be tried again. */
    public class Cause private constructor(override val choice: Any) : ConfigurationChoice() {
        public constructor(value: String) : this(value as Any)
        public constructor(value: Long) : this(value as Any)
    }
}
