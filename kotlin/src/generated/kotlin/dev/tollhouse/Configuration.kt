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

    /** What is refused before a call is made. */
    public var limits: Limits? = null

    /** Sets parts of [limits]. */
    public fun limits(set: Limits.() -> Unit) {
        (limits ?: Limits().also { limits = it }).apply(set)
    }

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

    /**
     * Settings by provider slug. A slug that is not in the catalogue makes a provider of your own, used as
     * `custom-{slug}`.
     */
    public var providers: MutableMap<String, Provider> = mutableMapOf()

    /** Sets parts of one of [providers]. */
    public fun provider(name: String, set: Provider.() -> Unit) {
        providers.getOrPut(name) { Provider() }.apply(set)
    }

    /** Prices by `provider/model`; they go before the built-in ones. */
    public var prices: MutableMap<String, Price> = mutableMapOf()

    /** Sets parts of one of [prices]. */
    public fun price(name: String, set: Price.() -> Unit) {
        prices.getOrPut(name) { Price() }.apply(set)
    }

    /** What is remembered of each call. */
    public var logs: Logs? = null

    /** Sets parts of [logs]. */
    public fun logs(set: Logs.() -> Unit) {
        (logs ?: Logs().also { logs = it }).apply(set)
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
            "retries" to retries,
            "timeouts" to timeouts,
            "providers" to providers,
            "prices" to prices,
            "logs" to logs,
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

        override fun parts(): Map<String, Any?> =
            mapOf(
                "ttl" to ttl,
                "max_bytes" to maxBytes,
                "max_entry_bytes" to maxEntryBytes,
            )
    }

    /** What is refused before a call is made. */
    @ConfigurationDsl
    public class Limits : ConfigurationPart() {
        /** Requests of this gateway in a span of time. Answers from the cache do not count. */
        public var requests: RequestLimit? = null

        /** Sets parts of [requests]. */
        public fun requests(set: RequestLimit.() -> Unit) {
            (requests ?: RequestLimit().also { requests = it }).apply(set)
        }

        override fun parts(): Map<String, Any?> =
            mapOf(
                "requests" to requests,
            )
    }

    /** At most `limit` requests in `per`. */
    @ConfigurationDsl
    public class RequestLimit : ConfigurationPart() {
        /** How many requests pass. 0 switches the limit off. */
        public var limit: Long? = null

        /** In which span of time, up to 31 days. `"0"` switches the limit off. */
        public var per: Duration? = null

        /** How the span of time moves. */
        public var technique: Technique? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "limit" to limit,
                "per" to per,
                "technique" to technique,
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

        override fun parts(): Map<String, Any?> =
            mapOf(
                "max_attempts" to maxAttempts,
                "delay" to delay,
                "backoff" to backoff,
            )
    }

    /** How long is waited. Zero waits for ever, where that is allowed. */
    @ConfigurationDsl
    public class Timeout : ConfigurationPart() {
        /** For a connection to a provider: 1 ms to 1 day. */
        public var connect: Duration? = null

        /** From sending a request to the first byte of its answer, up to 1 day. A stream that began in time is not cut. */
        public var firstByte: Duration? = null

        /** Between two chunks of an answer, up to 1 day; 10 minutes without it, as the providers' SDKs have it. */
        public var betweenChunks: Duration? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "connect" to connect,
                "first_byte" to firstByte,
                "between_chunks" to betweenChunks,
            )
    }

    /** Settings of one provider. */
    @ConfigurationDsl
    public class Provider : ConfigurationPart() {
        /** The key, used where a request brings none. Without it the variables that the provider's own SDK reads are asked. */
        public var key: String? = null

        /** The environment variable that holds the key. */
        public var keyEnv: String? = null

        /** Where the provider is: an `http` or `https` URL without credentials, query or fragment. */
        public var baseUrl: String? = null

        /** The format of its bodies; `openai` for a provider of your own. */
        public var format: Format? = null

        /** Headers for every request that does not bring them itself. Their values are kept like keys. */
        public var headers: MutableMap<String, String> = mutableMapOf()

        override fun parts(): Map<String, Any?> =
            mapOf(
                "key" to key,
                "key_env" to keyEnv,
                "base_url" to baseUrl,
                "format" to format,
                "headers" to headers,
            )
    }

    /** Prices of one model, each per million tokens. */
    @ConfigurationDsl
    public class Price : ConfigurationPart() {
        /** Input tokens. In US dollars. */
        public var input: BigDecimal? = null

        /** Output tokens. In US dollars. */
        public var output: BigDecimal? = null

        /** Input tokens that the provider's prompt cache held; without it they cost as much as other input. In US dollars. */
        public var cacheRead: BigDecimal? = null

        /** Input tokens written to the provider's prompt cache; without it they cost as much as other input. In US dollars. */
        public var cacheWrite: BigDecimal? = null

        override fun parts(): Map<String, Any?> =
            mapOf(
                "input" to input,
                "output" to output,
                "cache_read" to cacheRead,
                "cache_write" to cacheWrite,
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

        override fun parts(): Map<String, Any?> =
            mapOf(
                "enabled" to enabled,
                "path" to path,
                "payloads" to payloads,
                "max_records" to maxRecords,
                "when_full" to whenFull,
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

    /** How a limit's span of time moves. */
    public enum class Technique(override val word: String) : ConfigurationWord {
        /** One span follows the other; each starts at zero. */
        FIXED("fixed"),
        /** The span that ends now. */
        SLIDING("sliding"),
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
        /** Cloudflare Workers AI. */
        WORKERS_AI("workers-ai"),
        /** Anything else: passed through, neither metered nor translated. */
        OTHER("other"),
    }

    /** What happens when the log is full. */
    public enum class WhenFull(override val word: String) : ConfigurationWord {
        /** The oldest log makes room. */
        DELETE_OLDEST("delete_oldest"),
        /** New calls are not logged. */
        STOP_INSERTING("stop_inserting"),
    }
}
