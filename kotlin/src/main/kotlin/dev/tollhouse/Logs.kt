package dev.tollhouse

import java.math.BigDecimal
import java.time.Instant
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.doubleOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.longOrNull

/** A record of the gateway's. What has no property here is in [json]. */
public sealed class Record(
    /** All of it, with the names that every language has. */
    public val json: JsonObject,
) {
    override fun toString(): String = "${javaClass.simpleName}($json)"

    override fun equals(other: Any?): Boolean = other is Record && other.javaClass == javaClass && other.json == json

    override fun hashCode(): Int = json.hashCode()

    internal fun textOrNull(name: String): String? = (json[name] as? JsonPrimitive)?.contentOrNull

    internal fun text(name: String): String = textOrNull(name).orEmpty()

    internal fun longOrNull(name: String): Long? = (json[name] as? JsonPrimitive)?.longOrNull

    internal fun long(name: String): Long = longOrNull(name) ?: 0

    internal fun doubleOrNull(name: String): Double? = (json[name] as? JsonPrimitive)?.doubleOrNull

    internal fun flag(name: String): Boolean = (json[name] as? JsonPrimitive)?.booleanOrNull == true

    internal fun table(name: String): JsonObject = tableOrNull(name) ?: JsonObject(emptyMap())

    internal fun tableOrNull(name: String): JsonObject? = json[name] as? JsonObject

    internal fun list(name: String): List<JsonObject> = (json[name] as? JsonArray).orEmpty().map { it as JsonObject }

    /** Exact: billionths of a dollar are a whole number. */
    internal fun dollars(name: String): BigDecimal? = longOrNull(name)?.let { BigDecimal.valueOf(it, NANO).stripped() }

    private fun BigDecimal.stripped(): BigDecimal = if (signum() == 0) BigDecimal.ZERO else stripTrailingZeros()

    private companion object {
        const val NANO = 9
    }
}

/** The log of one call. */
public class Log internal constructor(json: JsonObject) : Record(json) {
    public val id: String get() = text("id")
    public val eventId: String? get() = textOrNull("event_id")
    public val createdAt: Instant get() = Instant.parse(text("created_at"))
    public val provider: String get() = text("provider")
    public val model: String get() = text("model")

    /** The model that the answer names. */
    public val modelServed: String? get() = textOrNull("model_served")
    public val path: String get() = text("path")
    public val stream: Boolean get() = flag("stream")
    public val statusCode: Int get() = long("status_code").toInt()
    public val success: Boolean get() = flag("success")
    public val cached: Boolean get() = flag("cached")

    /** Whether the caller let go of the answer before its end. */
    public val cancelled: Boolean get() = flag("cancelled")

    /** Whether the answer broke off. */
    public val truncated: Boolean get() = flag("truncated")

    /** What went wrong, in words. */
    public val error: String? get() = textOrNull("error")

    /** The index of the entry that answered, from 0. */
    public val step: Int? get() = longOrNull("step")?.toInt()

    /** Every try that was made, in order. */
    public val attempts: List<JsonObject> get() = list("attempts")

    /** Milliseconds from the call to the end of its answer. */
    public val durationMs: Double? get() = doubleOrNull("duration")

    /** Milliseconds to the first byte of the answer. */
    public val firstByteMs: Double? get() = doubleOrNull("first_byte_ms")
    public val tokensIn: Long? get() = longOrNull("tokens_in")
    public val tokensOut: Long? get() = longOrNull("tokens_out")

    /** US dollars; null if the price is not known. */
    public val cost: BigDecimal? get() = dollars("cost_nano_usd")

    /** What a cached answer would have cost, in US dollars. */
    public val saved: BigDecimal? get() = dollars("saved_nano_usd")
    public val metadata: JsonObject get() = table("metadata")

    /** 1 or -1. */
    public val feedback: Int? get() = longOrNull("feedback")?.toInt()
    public val score: Double? get() = doubleOrNull("score")

    /** The beginning of the request's body, where payloads are collected. */
    public val requestHead: String? get() = textOrNull("request_head")

    /** The beginning of the answer's body, where payloads are collected. */
    public val responseHead: String? get() = textOrNull("response_head")

    /** Bytes. */
    public val requestSize: Long get() = long("request_size")

    /** Bytes. */
    public val responseSize: Long get() = long("response_size")
}

/** A call's walk, in the order in which it went. */
public class Explanation internal constructor(json: JsonObject) : Record(json) {
    public val logId: String get() = text("log_id")
    public val lines: List<ExplanationLine> = list("lines").map(::ExplanationLine)

    /** The lines as a person reads them. */
    override fun toString(): String = lines.joinToString("\n") { "${it.stage}: ${it.text}" }
}

/** What happened at one stage; the numbers behind it are in [json]. */
public class ExplanationLine internal constructor(json: JsonObject) : Record(json) {
    public val stage: String get() = text("stage")

    /** In words. */
    public val text: String get() = text("text")
}

/** Why a request would not be answered from the cache; for each target see `targets` in [json]. */
public class MissReport internal constructor(json: JsonObject) : Record(json) {
    /** Whether an answer would be given. */
    public val wouldHit: Boolean get() = flag("would_hit")

    /** In one word: `hit`, `off`, `past`, `stale`, `nothing_kept`, `differs` and others. */
    public val reason: String? get() = textOrNull("reason")

    /** The reason in words. */
    override fun toString(): String = text("text")
}

/** One page of logs, without the beginnings of their bodies. */
public class LogPage internal constructor(json: JsonObject) : Record(json) {
    public val logs: List<Log> = list("logs").map(::Log)

    /** How many logs the query selects in all. */
    public val totalCount: Long get() = long("total_count")

    /** Which page this is, from 1. */
    public val page: Long get() = long("page")
    public val perPage: Long get() = long("per_page")
}

/** Requests, tokens and cost. */
public class UsageReport internal constructor(json: JsonObject) : Record(json) {
    /** How the numbers are counted, in words. */
    public val basis: String get() = text("basis")

    /** One row for each group; none if nothing is grouped by. */
    public val rows: List<UsageRow> = list("rows").map(::UsageRow)

    /** Everything together. */
    public val total: UsageRow = UsageRow(table("total"))
}

/** The numbers of one group. Null where nothing is known. */
public class UsageRow internal constructor(json: JsonObject) : Record(json) {
    public val group: Map<String, JsonElement> get() = table("group")
    public val requests: Long get() = long("requests")
    public val cached: Long get() = long("cached")
    public val errors: Long get() = long("errors")
    public val cancelled: Long get() = long("cancelled")
    public val tokensIn: Long? get() = longOrNull("tokens_in")
    public val tokensOut: Long? get() = longOrNull("tokens_out")

    /** Requests whose tokens were counted here and not by the provider. */
    public val estimated: Long get() = long("estimated")

    /** US dollars. */
    public val cost: BigDecimal? get() = dollars("cost_nano_usd")

    /** Requests that were answered well and whose cost is unknown. */
    public val unpriced: Long get() = long("unpriced")

    /** US dollars. */
    public val saved: BigDecimal? get() = dollars("saved_nano_usd")
}

/** How all budgets stand. */
public class BudgetReport internal constructor(json: JsonObject) : Record(json) {
    /** How the numbers are counted, in words. */
    public val basis: String get() = text("basis")

    /** One for each budget, and for each of those who have one of their own. */
    public val budgets: List<BudgetState> = list("budgets").map(::BudgetState)
}

/** How a budget stands. Amounts are US dollars; in its own currency they are in [json]. */
public class BudgetState internal constructor(json: JsonObject) : Record(json) {
    public val name: String get() = text("name")

    /** Whose it is, where everybody has one of their own. */
    public val by: Map<String, JsonElement> get() = table("by")
    public val limit: BigDecimal? get() = dollars("limit_nano_usd")
    public val spent: BigDecimal? get() = dollars("spent_nano_usd")

    /** What this process's calls under way have taken, each at its worst. */
    public val reserved: BigDecimal? get() = dollars("reserved_nano_usd")
    public val remaining: BigDecimal? get() = dollars("remaining_nano_usd")

    /** When the next period begins, RFC 3339; null for never. */
    public val resetsAt: String? get() = textOrNull("resets_at")

    /** Whether so much is used that it was to be told. */
    public val alert: Boolean get() = flag("alert")
}

/** A movement of credit that was entered. Amounts are US dollars. */
public class CreditEntry internal constructor(json: JsonObject) : Record(json) {
    public val transaction: Long get() = long("transaction")
    public val wallet: String get() = text("wallet")
    public val amount: BigDecimal? get() = dollars("amount_nano_usd")

    /** Whether it had been entered before, under the same key. */
    public val replayed: Boolean get() = flag("replayed")
    public val balance: BigDecimal? get() = dollars("balance_nano_usd")
}

/** What a wallet has, in US dollars. */
public class Balance internal constructor(json: JsonObject) : Record(json) {
    public val wallet: String get() = text("wallet")
    public val balance: BigDecimal? get() = dollars("balance_nano_usd")

    /** What calls under way hold of it. */
    public val reserved: BigDecimal? get() = dollars("reserved_nano_usd")
    public val available: BigDecimal? get() = dollars("available_nano_usd")
}

/** Entries of the ledger. */
public class LedgerPage internal constructor(json: JsonObject) : Record(json) {
    public val entries: List<LedgerEntry> = list("entries").map(::LedgerEntry)
    public val totalCount: Long get() = long("total_count")

    /** Whether all entries together are zero. */
    public val balanced: Boolean get() = flag("balanced")
}

/** One side of a movement. */
public class LedgerEntry internal constructor(json: JsonObject) : Record(json) {
    public val transaction: Long get() = long("transaction")

    /** `top_up`, `draw`, `refund` or `expiry`. */
    public val kind: String get() = text("kind")
    public val account: String get() = text("account")
    public val amount: BigDecimal? get() = dollars("amount_nano_usd")
    public val logId: String? get() = textOrNull("log_id")
    public val note: String? get() = textOrNull("note")
}

/** What calls have cost in a period. */
public class Bill internal constructor(json: JsonObject) : Record(json) {
    /** How the numbers are counted, in words. */
    public val basis: String get() = textOrNull("basis").orEmpty()
    public val customers: List<JsonObject> get() = list("customers")
    public val total: JsonObject get() = table("total")

    /** The document, where a `format` was asked for. */
    public val text: String? get() = textOrNull("text")
}

/** A provider's report, held against the log. */
public class Reconciliation internal constructor(json: JsonObject) : Record(json) {
    /** How the numbers are counted, in words. */
    public val basis: String get() = text("basis")

    /** One for each day and model, each with what the provider says, what the log says, and the difference. */
    public val rows: List<JsonObject> get() = list("rows")
    public val total: JsonObject get() = table("total")
}

/** How the log is doing, and what else of the gateway may be degraded. */
public class LogHealth internal constructor(json: JsonObject) : Record(json) {
    /** What is not as it was configured, and what to do about it; null when all is well. */
    public val degraded: String? get() = textOrNull("degraded")

    /** Logs that were lost: too many waited, or nothing could be written. */
    public val dropped: Long get() = long("dropped")

    /** Logs that the settings turned away. */
    public val refused: Long get() = long("refused")
    public val written: Long get() = long("written")

    /** Where processes count together for the limits; null where each counts for itself. */
    public val limits: StoreHealth? get() = tableOrNull("limits")?.let(::StoreHealth)

    /** Where processes keep answers together for the cache; null where each keeps its own. */
    public val cache: StoreHealth? get() = tableOrNull("cache")?.let(::StoreHealth)

    /** Routes whose changed file was refused, by name, and why; what was in force goes on. */
    public val routes: Map<String, String> get() = table("routes").mapValues { it.value.jsonPrimitive.content }

    /** The file of the ledger of credits; null where it is kept in memory. */
    public val credits: StoreHealth? get() = tableOrNull("credits")?.let(::StoreHealth)

    /** Budgets of which so much is used that it was to be told, in words. */
    public val budgets: List<String> get() = json.getValue("budgets").jsonArray.map { it.jsonPrimitive.content }

    /** How each receiver of logs stands, by its name in the configuration. */
    public val uploads: Map<String, UploadHealth> get() = table("uploads").mapValues { UploadHealth(it.value.jsonObject) }
}

/** How a receiver of logs stands, as this process last saw it. */
public class UploadHealth internal constructor(json: JsonObject) : Record(json) {
    /** Records that wait. */
    public val waiting: Long get() = long("waiting")

    /** What they take, roughly. */
    public val waitingBytes: Long get() = long("waiting_bytes")

    /** Records that the receiver has; one that has changed counts again. */
    public val taken: Long get() = long("taken")

    /** Records that the receiver refused for good. */
    public val dead: Long get() = long("dead")

    /** Records whose bodies were left out because too much waited. */
    public val payloadsShed: Long get() = long("payloads_shed")

    /** Records that were given up because too much waited. */
    public val shed: Long get() = long("shed")

    /** Records that the log's own bounds or a deletion took away before they were sent. */
    public val lost: Long get() = long("lost")

    /** Why it takes nothing just now; null when it does. */
    public val trouble: String? get() = textOrNull("trouble")
}

/** How a store outside of the process is doing. */
public class StoreHealth internal constructor(json: JsonObject) : Record(json) {
    /** Why the store cannot be used just now; the gateway goes on without it meanwhile. */
    public val degraded: String? get() = textOrNull("degraded")

    /** How often it was asked and did not answer. */
    public val failures: Long get() = long("failures")
}

/** A number of tokens, and how it is known. */
public class TokenCount internal constructor(json: JsonObject) : Record(json) {
    public val tokens: Long get() = long("tokens")

    /** Whether the model's own vocabulary was used; otherwise this is an estimate. */
    public val exact: Boolean get() = flag("exact")

    /** The vocabulary, such as `o200k_base`. */
    public val encoding: String? get() = textOrNull("encoding")

    /** By how many percent it may be wrong either way; 0 where it is exact. */
    public val errorPercent: Long get() = long("error_percent")
}

/** What a call may use and cost: each with `least`, `likely` and `most`. */
public class Estimate internal constructor(json: JsonObject) : Record(json) {
    public val tokensIn: Spread<Long> get() = tokens("tokens_in")
    public val tokensOut: Spread<Long> get() = tokens("tokens_out")

    /** US dollars; null where the model's price is not known. */
    public val cost: Spread<BigDecimal>?
        get() = (json["cost_nano_usd"] as? JsonObject)?.let(::SpreadRecord)?.let { nano ->
            Spread(nano.dollars("least")!!, nano.dollars("likely")!!, nano.dollars("most")!!)
        }

    /** The price that it comes from. */
    public val pricedBy: String? get() = textOrNull("priced_by")

    /** How it is reckoned, in words. */
    public val basis: String get() = text("basis")

    private fun tokens(name: String): Spread<Long> =
        SpreadRecord(table(name)).let { Spread(it.long("least"), it.long("likely"), it.long("most")) }
}

private class SpreadRecord(json: JsonObject) : Record(json)

/** Least, likely and most of something. */
public data class Spread<T>(val least: T, val likely: T, val most: T)

/** What came of pricing logs once more. */
public class Recosted internal constructor(json: JsonObject) : Record(json) {
    /** Calls that were looked at. */
    public val requests: Long get() = long("requests")
    public val changed: Long get() = long("changed")

    /** Those for which there is no price now: they keep the cost that they have. */
    public val unpriced: Long get() = long("unpriced")
    public val costBefore: BigDecimal get() = dollars("cost_before_nano_usd") ?: BigDecimal.ZERO
    public val costAfter: BigDecimal get() = dollars("cost_after_nano_usd") ?: BigDecimal.ZERO
    public val difference: BigDecimal get() = dollars("difference_nano_usd") ?: BigDecimal.ZERO
}

/** The price catalogue that is in force now. */
public class LoadedPrices internal constructor(json: JsonObject) : Record(json) {
    public val version: String get() = text("version")
    public val models: Long get() = long("models")
}

/** What a gateway's cache holds, and what it was asked for. Counts are those of this process, since it began. */
public class CacheStats internal constructor(json: JsonObject) : Record(json) {
    /** Calls that found an answer. */
    public val hits: Long get() = long("hits")

    /** Calls that found none that was fresh. */
    public val misses: Long get() = long("misses")

    /** Answers that were kept. */
    public val stored: Long get() = long("stored")

    /** Stale answers that were made new in the background, or are being made new. */
    public val refreshes: Long get() = long("refreshes")

    /** Answers that were not kept, because they are larger than `cache.max_entry_bytes`. */
    public val tooLarge: Long get() = long("too_large")

    /** Store by store, in the order in which they are asked. */
    public val stores: List<StoreStats> = list("stores").map(::StoreStats)
}

/** One store of a cache. */
public class StoreStats internal constructor(json: JsonObject) : Record(json) {
    /** `memory`, `file` or `redis`. */
    public val store: String get() = text("store")

    /** How many answers it holds, of all processes; null where it does not say so in time. */
    public val entries: Long? get() = longOrNull("entries")

    /** What they take up. */
    public val bytes: Long? get() = longOrNull("bytes")

    /** What they may take up, where there is a bound. */
    public val maxBytes: Long? get() = longOrNull("max_bytes")

    /** Calls of this process that found an answer here. */
    public val hits: Long get() = long("hits")

    /** Calls of this process that found none here. */
    public val misses: Long get() = long("misses")

    /** How often it was asked and did not answer. */
    public val errors: Long get() = long("errors")
}

/** What a purge took away. Where processes share a store it is that store's count. */
public class PurgeReport internal constructor(json: JsonObject) : Record(json) {
    public val entries: Long get() = long("entries")
    public val bytes: Long get() = long("bytes")
}
