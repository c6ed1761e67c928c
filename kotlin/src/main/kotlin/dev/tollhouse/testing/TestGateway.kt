package dev.tollhouse.testing

import dev.tollhouse.Callbacks
import dev.tollhouse.Configuration
import dev.tollhouse.Gateway
import dev.tollhouse.Library
import dev.tollhouse.failed
import dev.tollhouse.native
import dev.tollhouse.toException
import dev.tollhouse.toJson
import kotlin.time.Duration
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject

/**
 * A gateway with a scripted provider and a clock to turn by hand, for the tests of apps that use tollhouse.
 *
 * ```
 * val gateway = TestGateway(listOf(fail(503), answer("hi"))) { retries { maxAttempts = 2 } }
 * ```
 *
 * No network, no waiting: what a call sleeps passes at once, and between calls the clock stands still, at
 * 2026-01-01T12:09:00Z to begin with. The environment is not read.
 */
public class TestGateway private constructor(private val test: dev.tollhouse.ffi.TestGateway) : Gateway(test.gateway()) {
    /** @param script what the provider answers, one step to each call; see [answer], [stream], [fail], [unreachable] */
    public constructor(script: List<Map<String, Any?>> = emptyList(), configure: Configuration.() -> Unit = {}) :
        this(script, settled(Configuration().apply(configure)))

    /** The same with its configuration as JSON text. */
    public constructor(script: List<Map<String, Any?>>, json: String) : this(open(script, json))

    /** What the provider was asked so far: `{method, url, headers, body, json, finished}` each. */
    public val calls: List<JsonObject>
        get() = (Json.parseToJsonElement(native { test.calls() }) as JsonArray).map { it as JsonObject }

    /** Turns the clock on. */
    public fun advance(duration: Duration) {
        native { test.advance(duration.inWholeMilliseconds.coerceAtLeast(0).toULong()) }
    }

    private companion object {
        /** The script stands for every provider, so that what the app brings would never be asked. */
        fun settled(configuration: Configuration): String {
            if (Callbacks.of(configuration).isEmpty()) return configuration.toJson()
            throw failed("config", "a test gateway asks its script alone: leave hosted providers and brokers out", field = "providers").toException()
        }

        fun open(script: List<Map<String, Any?>>, json: String): dev.tollhouse.ffi.TestGateway {
            Library.ensureLoaded()
            return native { dev.tollhouse.ffi.TestGateway.open(json, toJson("script", script).toString()) }
        }
    }
}
