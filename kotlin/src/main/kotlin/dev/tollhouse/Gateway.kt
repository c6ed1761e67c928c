package dev.tollhouse

import dev.tollhouse.ffi.Request
import java.io.File
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.json.JsonObject

/**
 * An AI gateway in this process. All that decides is in the native core.
 *
 * ```
 * val gateway = Gateway { cache { ttl = 1.hours } }
 * gateway.chat("openai/gpt-4o-mini", "Tell me a joke").text.collect(::print)
 * ```
 *
 * Opening one reads the configuration and the keys; no thread, file or socket is opened before the first call. It may be
 * used from many threads at once. Cancelling a coroutine that waits for it ends the call at the provider.
 */
public open class Gateway
internal constructor(internal val native: dev.tollhouse.ffi.Gateway, private val callbacks: NativeCallbacks = NativeCallbacks()) :
    AutoCloseable {
    private constructor(opened: Pair<dev.tollhouse.ffi.Gateway, NativeCallbacks>) : this(opened.first, opened.second)

    /**
     * A gateway with these settings; without any, with the defaults. Bodies are logged only if `logs.payloads` says so.
     *
     * @throws TollhouseException.Config naming the key that cannot work
     * @throws TollhouseException.Library if there is no native library for this platform
     */
    public constructor(configuration: Configuration = Configuration()) : this(open(configuration))

    /** The same, with its settings in a block. */
    public constructor(configure: Configuration.() -> Unit) : this(Configuration().apply(configure))

    /**
     * A gateway whose configuration is JSON text.
     *
     * @param providers models that answer in this process, by name: calls of `custom-{name}/{model}` reach them
     * @param broker brings the keys of all providers that have none of their own
     */
    public constructor(
        json: String,
        providers: Map<String, HostedProvider> = emptyMap(),
        broker: (suspend (provider: String) -> Token?)? = null,
    ) : this(open(json, null, brought(providers, broker)))

    /** The same with a TOML or JSON file, which means what it means in every language: bodies are logged unless it says `payloads = false`. */
    public constructor(
        file: File,
        providers: Map<String, HostedProvider> = emptyMap(),
        broker: (suspend (provider: String) -> Token?)? = null,
    ) : this(open(null, file, brought(providers, broker)))

    /**
     * The door: every other call is a short path to it. Where no provider answered, the gateway does, and the answer's
     * `failure` says why.
     *
     * @param target a path of the gateway, such as `/openai/chat/completions`, or a provider's absolute URL
     */
    public suspend fun handle(
        method: String,
        target: String,
        headers: Iterable<Pair<String, String>> = emptyList(),
        body: ByteArray = ByteArray(0),
    ): Response = native { Response(native.handle(Request(method, target, headers.toNative(), body, null, null))) }

    /**
     * The universal endpoint: entries are tried in order until one succeeds; `cf-aig-step` names the one that did.
     *
     * @param entries a map, or a list of maps: `provider`, `endpoint`, `headers`, `query`
     * @param options `gateway`, a map of settings of this call, and `extraHeaders`
     */
    public suspend fun run(entries: Any, options: Map<String, Any?> = emptyMap()): Response =
        native { Response(native.run(toJson("entries", entries).toString(), toJson("options", options).toString())) }

    /**
     * Asks any chat model in OpenAI's shape.
     *
     * @param model `{provider}/{model}`
     * @param messages a text, or a list of maps with `role` and `content`
     * @param options further fields of the body, such as `stream`, beside those of [run]
     */
    public suspend fun chat(model: String, messages: Any, options: Map<String, Any?> = emptyMap()): Response =
        native { Response(native.chat(model, toJson("messages", messages).toString(), toJson("options", options).toString())) }

    /**
     * A base URL of this gateway for clients that take nothing else: of [provider], or of the universal endpoint. The
     * first call starts a server on the loopback interface; the URL holds its key.
     */
    public fun getUrl(provider: String? = null): String = native { native.getUrl(provider) }

    /**
     * The dashboard's URL, for a browser on this machine. Whoever has it may read and rate logs; its key is drawn anew at
     * each start.
     */
    public fun uiUrl(): String = native { native.uiUrl() }

    /** The log of one call, readable as soon as its answer is there. */
    public suspend fun getLog(logId: String): Log = Log(document(native { native.getLog(logId) }))

    /**
     * Why a request would not be answered from the cache: the nearest kept answer, and the fields that differ. Nothing is
     * sent or logged; of what is kept only digests are told, and of a key nothing.
     */
    public suspend fun whyMiss(
        method: String,
        target: String,
        headers: Iterable<Pair<String, String>> = emptyList(),
        body: ByteArray = ByteArray(0),
    ): MissReport =
        MissReport(document(native { native.whyMiss(Request(method, target, headers.toNative(), body, null, null)) }))

    /** A call's walk, line by line: where it was resolved to, cache, each try, what it cost. */
    public suspend fun explain(logId: String): Explanation = Explanation(document(native { native.explain(logId) }))

    /** Adds `feedback`, `score` or `metadata` to a log. What is absent stays as it is; null clears. */
    public suspend fun patchLog(logId: String, patch: Map<String, Any?>) {
        native { native.patchLog(logId, toJson("patch", patch).toString()) }
    }

    /** Logs, the newest first unless the query says otherwise: `limit`, `page`, `order_by`, `filters`, `since`, `until`. */
    public suspend fun logs(query: Map<String, Any?> = emptyMap()): LogPage =
        LogPage(document(native { native.logs(toJson("query", query).toString()) }))

    /** Deletes the logs that a query selects, and tells how many there were. */
    public suspend fun deleteLogs(query: Map<String, Any?>): Long =
        native { native.deleteLogs(toJson("query", query).toString()) }.toLong()

    /** One body of a call, whole, where payloads are collected: [part] is `request` or `response`. */
    public suspend fun logPayload(logId: String, part: String): ByteArray = native { native.logPayload(logId, part) }

    /** Requests, tokens and cost, in groups (`group_by`); `basis` says in words how they are counted. */
    public suspend fun usage(query: Map<String, Any?> = emptyMap()): UsageReport =
        UsageReport(document(native { native.usage(toJson("query", query).toString()) }))

    /** What the cache holds, and what it was asked for: hits, misses, entries and bytes, store by store. */
    public suspend fun cacheStats(): CacheStats = CacheStats(document(native { native.cacheStats() }))

    /**
     * Takes away the kept answers that meet all of [filter]: `scope`, `provider`, `model`, `key` (a word that stood in
     * `cf-aig-cache-key`) and `older_than`. Without any, all of them.
     */
    public suspend fun purgeCache(filter: Map<String, Any?> = emptyMap()): PurgeReport =
        PurgeReport(document(native { native.purgeCache(toJson("filter", filter).toString()) }))

    /**
     * Prices what was logged once more, by the prices in force on the day of each call, in one transaction. The query
     * selects as that of [logs]; without one all logs are priced.
     */
    public suspend fun recost(query: Map<String, Any?> = emptyMap()): Recosted =
        Recosted(document(native { native.recost(toJson("query", query).toString()) }))

    /**
     * Least, likely and most that a call may use and cost, before it is made.
     *
     * @param model `{provider}/{model}`
     * @param messages a text, or a list of maps with `role` and `content`
     * @param options further fields of the body, such as `max_tokens`, `tools` or `service_tier`
     */
    public suspend fun estimate(model: String, messages: Any, options: Map<String, Any?> = emptyMap()): Estimate =
        Estimate(
            document(
                native {
                    native.estimate(model, toJson("messages", messages).toString(), toJson("options", options).toString())
                },
            ),
        )

    /**
     * Takes a newer price catalogue, as a map or as its text, from the next call on. One that is cut short or has a price
     * that cannot be is refused, and the prices in force stay.
     */
    public fun loadPrices(prices: Any): LoadedPrices =
        LoadedPrices(document(native { native.loadPrices(toJson("prices", prices).toString()) }))

    /** How every budget stands: what was spent, is reserved and is left, and when it begins anew. */
    public suspend fun budgets(): BudgetReport =
        BudgetReport(document(native { native.budgets() }))

    /** Puts credit into a wallet; [options]: `expires_at`, `idempotency_key`, `note`. */
    public suspend fun topUp(wallet: String, amount: String, options: Map<String, Any?> = emptyMap()): CreditEntry =
        CreditEntry(document(native { native.topUp(wallet, amount, toJson("options", options).toString()) }))

    /** Gives credit back that calls drew on a wallet: all of them, or the one of `log_id` in [options]. */
    public suspend fun refund(wallet: String, amount: String, options: Map<String, Any?> = emptyMap()): CreditEntry =
        CreditEntry(document(native { native.refund(wallet, amount, toJson("options", options).toString()) }))

    /** What a wallet has, what calls under way hold of it, and what ends when. */
    public suspend fun balance(wallet: String): Balance =
        Balance(document(native { native.balance(wallet) }))

    /** The entries of the ledger of credits, the newest first: `wallet`, `kind`, `log_id`, `limit`, `page` select. */
    public suspend fun ledger(query: Map<String, Any?> = emptyMap()): LedgerPage =
        LedgerPage(document(native { native.ledger(toJson("query", query).toString()) }))

    /** What calls have cost in a period, one page for each customer: `by`, `since`, `until`, `markup_percent`, `format`. */
    public suspend fun bill(query: Map<String, Any?> = emptyMap()): Bill =
        Bill(document(native { native.bill(toJson("query", query).toString()) }))

    /** Holds what the report of `openai` or `anthropic` says, a page or a list of pages, against the log, by day and model. */
    public suspend fun reconcile(provider: String, report: Any, options: Map<String, Any?> = emptyMap()): Reconciliation =
        Reconciliation(document(native { native.reconcile(provider, toJson("report", report).toString(), toJson("options", options).toString()) }))

    /** Tokens of a text, of a list of texts, of chat messages, or of messages with their tools, before a call, offline. */
    public fun countTokens(model: String, input: Any): TokenCount =
        TokenCount(document(native { native.countTokens(model, toJson("input", input).toString()) }))

    /**
     * Puts a route in the place of the one of this name, or takes it away with null; gives its version. One that cannot
     * work is refused, and the one that is there goes on.
     *
     * @param route a [Configuration.Route], or a map
     */
    public fun setRoute(name: String, route: Any?): Long {
        val text = if (route is ConfigurationPart) route.toJson() else toJson("route", route).toString()
        return native { native.setRoute(name, text) }.toLong()
    }

    /** The configuration in force, with every default. Secrets show as `set`. */
    public fun config(): JsonObject = document(native { native.config() })

    /** How the log is doing: whether it is as configured, and what was lost. */
    public fun health(): LogHealth = LogHealth(document(native { native.health() }))

    /** Returns when everything that was logged so far is on disk: before the app goes to the background. */
    public suspend fun flush() {
        native { native.flush() }
    }

    /** Writes what is still to be written within [budget], and refuses calls from now on. Brokers and providers are let go. */
    public suspend fun close(budget: Duration) {
        try {
            native { native.close(budget.inWholeMilliseconds.coerceAtLeast(0).toULong()) }
        } finally {
            callbacks.release()
        }
    }

    /**
     * The same on this thread, which it blocks for at most five seconds: for `use`, and not for an app's main thread.
     * Closing twice is harmless.
     */
    override fun close() {
        try {
            native { native.closeBlocking(CLOSE_BUDGET.inWholeMilliseconds.toULong()) }
        } finally {
            callbacks.release()
        }
    }

    private companion object {
        val CLOSE_BUDGET = 5.seconds

        fun open(configuration: Configuration) = open(configuration.toJson(), null, Callbacks.of(configuration))

        fun open(json: String?, file: File?, callbacks: Callbacks): Pair<dev.tollhouse.ffi.Gateway, NativeCallbacks> {
            Library.ensureLoaded()
            val brought = callbacks.toNative()
            return native { dev.tollhouse.ffi.Gateway.open(json, file?.path, brought.hosted, brought.broker) } to brought
        }

        fun brought(providers: Map<String, HostedProvider>, broker: (suspend (provider: String) -> Token?)?) =
            Callbacks().also {
                it.hosted += providers
                it.broker = broker
            }
    }
}
