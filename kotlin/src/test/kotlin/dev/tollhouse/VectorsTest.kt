package dev.tollhouse

import dev.tollhouse.testing.TestGateway
import java.io.File
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** Runs the cases that every language runs: see tests/vectors/README.md. */
class VectorsTest {
    @TestFactory
    fun vectors(): List<DynamicTest> {
        val folder = File(Repository.root, "tests/vectors")
        return folder.walk().filter { it.extension == "json" }.sorted().toList().flatMap { file ->
            val cases = Json.parseToJsonElement(file.readText())["cases"] as JsonArray
            cases.map { case ->
                val name = "${file.relativeTo(folder).path.removeSuffix(".json")}: ${case["name"].text()}"
                dynamicTest(name) { runBlocking { run(case as JsonObject) } }
            }
        }
    }

    private suspend fun run(vector: JsonObject) {
        ran.incrementAndGet()
        assertTrue(CASE_KEYS.containsAll(vector.keys), "unknown keys: ${vector.keys - CASE_KEYS}")
        val script = (vector["upstream"] as? JsonArray).orEmpty().map { it as JsonObject }
        TestGateway(script, (vector["config"] ?: JsonObject(emptyMap())).toString()).use { gateway ->
            val saved = mutableMapOf<String, String?>()
            (vector["steps"] as JsonArray).forEachIndexed { index, step -> take(gateway, step as JsonObject, saved, "step $index") }
            vector["calls"]?.let { assertMatches(JsonArray(gateway.calls), it, "calls") }
        }
    }

    private suspend fun take(gateway: TestGateway, step: JsonObject, saved: MutableMap<String, String?>, place: String) {
        step["advance_ms"]?.let {
            gateway.advance(it.jsonPrimitive.long.milliseconds)
            return
        }
        val got = outcome(gateway, step, saved)
        got.log?.let { saved["log"] = it }
        step["save"]?.let { saved[it.text()] = got.log }
        check(got, step["expect"] as? JsonObject ?: JsonObject(emptyMap()), place, gateway)
    }

    /** What came of a step, in the words of the expectations. */
    private class Got(val parts: MutableMap<String, JsonElement>, val log: String? = null, val body: StringBuilder? = null)

    private suspend fun outcome(gateway: Gateway, step: JsonObject, saved: Map<String, String?>): Got =
        try {
            when (val result = act(gateway, step) { id -> if (id.startsWith("$")) saved[id.drop(1)]!! else id }) {
                is Response -> answer(result, step["take_chunks"]?.jsonPrimitive?.long?.toInt())
                else -> Got(mutableMapOf("json" to plain(result)))
            }
        } catch (error: TollhouseException) {
            Got(mutableMapOf("error" to JsonObject(mapOf("kind" to JsonPrimitive(error.kind), "field" to JsonPrimitive(error.field)))))
        }

    private suspend fun act(gateway: Gateway, step: JsonObject, id: (String) -> String): Any? {
        val kinds = step.keys - MODIFIERS
        assertEquals(1, kinds.size, "a step does one thing: ${step.keys}")
        val told = step.getValue(kinds.single())
        return when (kinds.single()) {
            "call" -> handle(gateway, told as JsonObject)
            "run" -> gateway.run(told, step["options"] as? JsonObject ?: emptyMap())
            "chat" -> gateway.chat(told["model"].text(), told["messages"]!!, told["options"] as? JsonObject ?: emptyMap())
            "get_log" -> gateway.getLog(id(told.text()))
            "patch_log" -> gateway.patchLog(id(told.text()), step["patch"] as JsonObject)
            "logs" -> gateway.logs(told as JsonObject)
            "usage" -> gateway.usage(told as JsonObject)
            "count_tokens" -> gateway.countTokens(told["model"].text(), told["input"]!!)
            "together" -> together(gateway, told as JsonArray, step)
            "method" -> method(gateway, told.text(), step["with"] as? JsonObject ?: JsonObject(emptyMap()), id)
            else -> throw AssertionError("no such step: ${kinds.single()}")
        }
    }

    /** Makes calls at once, or each when the answer of the one before has begun, and counts what came of them. */
    private suspend fun together(gateway: Gateway, list: JsonArray, step: JsonObject): JsonElement {
        val times = step["times"]?.jsonPrimitive?.long?.toInt() ?: 1
        val calls = List(times) { list }.flatten().map { it as JsonObject }
        val responses =
            if (step["in_turn"]?.text() == "true") {
                calls.map { handle(gateway, it) }
            } else {
                coroutineScope { calls.map { call -> async { handle(gateway, call) } }.awaitAll() }
            }
        val told = listOf("statuses", "cache", "bodies").associateWith { mutableMapOf<String, Int>() }
        for (response in responses) {
            val cache = response.headers.firstOrNull { it.first == "cf-aig-cache-status" }?.second ?: "none"
            val body = StringBuilder()
            response.body.collect { body.append(String(it)) }
            val found = mapOf("statuses" to response.status.toString(), "cache" to cache, "bodies" to body.toString())
            for ((what, which) in found) told.getValue(what).merge(which, 1, Int::plus)
        }
        return JsonObject(told.mapValues { (_, counts) -> JsonObject(counts.mapValues { JsonPrimitive(it.value) }) })
    }

    /** The public method of this name, with its parameters by name. */
    private suspend fun method(gateway: Gateway, name: String, with: JsonObject, id: (String) -> String): Any? {
        val text = { parameter: String -> id(with[parameter].text()) }
        val map = { parameter: String -> with[parameter] as? JsonObject ?: JsonObject(emptyMap()) }
        return when (name) {
            "flush" -> gateway.flush()
            "why_miss" -> {
                val headers = (with["headers"] as? JsonObject).orEmpty().map { (name, value) -> name to value.text() }
                val body = (with["body"] as? JsonPrimitive)?.content ?: with["body"]?.toString().orEmpty()
                gateway.whyMiss(with["method"].text(), with["target"].text(), headers, body.toByteArray())
            }
            "explain" -> gateway.explain(text("log_id"))
            "set_route" -> gateway.setRoute(text("name"), with["route"])
            "delete_logs" -> gateway.deleteLogs(map("query"))
            "budgets" -> gateway.budgets()
            "top_up" -> gateway.topUp(text("wallet"), text("amount"), map("options"))
            "refund" -> gateway.refund(text("wallet"), text("amount"), map("options"))
            "balance" -> gateway.balance(text("wallet"))
            "ledger" -> gateway.ledger(map("query"))
            "bill" -> gateway.bill(map("query"))
            "reconcile" -> gateway.reconcile(text("provider"), with["report"] ?: JsonNull, map("options"))
            "health" -> gateway.health()
            "cache_stats" -> gateway.cacheStats()
            "purge_cache" -> gateway.purgeCache(map("filter"))
            "recost" -> gateway.recost(map("query"))
            "estimate" -> gateway.estimate(text("model"), with["messages"]!!, map("options"))
            "load_prices" -> gateway.loadPrices(with["prices"]!!)
            else -> throw AssertionError("no such method: $name")
        }
    }

    /** A result as the document that it came from. */
    private fun plain(result: Any?): JsonElement =
        when (result) {
            is Record -> result.json
            is JsonElement -> result
            is Number -> JsonPrimitive(result)
            is String -> JsonPrimitive(result)
            else -> JsonNull
        }

    private suspend fun handle(gateway: Gateway, call: JsonObject): Response {
        assertTrue(CALL_KEYS.containsAll(call.keys), "unknown keys: ${call.keys - CALL_KEYS}")
        val headers = (call["headers"] as? JsonObject).orEmpty().map { (name, value) -> name to value.text() }
        val isTyped = headers.any { it.first.equals("content-type", ignoreCase = true) }
        val type = if (call["json"] == null || isTyped) emptyList() else listOf("content-type" to "application/json")
        val body = call["json"]?.toString() ?: call["body"]?.text().orEmpty()
        return gateway.handle(call["method"]?.text() ?: "POST", call["target"].text(), type + headers, body.toByteArray())
    }

    private suspend fun answer(response: Response, chunks: Int?): Got {
        val headers = response.headers.groupBy({ it.first }, { it.second }).mapValues { JsonPrimitive(it.value.joinToString(", ")) }
        val body = StringBuilder()
        val got = Got(mutableMapOf("status" to JsonPrimitive(response.status), "headers" to JsonObject(headers)), response.logId, body)
        response.failure?.let { got.parts["failure"] = JsonPrimitive(it.kind) }
        try {
            val pieces = if (chunks == null) response.body else response.body.take(chunks)
            pieces.collect { body.append(String(it)) }
        } catch (error: TollhouseException) {
            got.parts["broken"] = JsonPrimitive(error.kind)
        }
        got.parts["body"] = JsonPrimitive(body.toString())
        return got
    }

    private fun check(got: Got, expected: JsonObject, place: String, gateway: TestGateway) {
        for ((key, pattern) in expected) {
            when (key) {
                "upstream_calls" -> assertMatches(JsonPrimitive(gateway.calls.size), pattern, "$place: upstream_calls")
                "contains" -> assertTrue(pattern.text() in got.body!!, "$place: ${got.body} should contain $pattern")
                "json" -> assertMatches(got.body?.let { Json.parseToJsonElement("$it") } ?: got.parts["json"], pattern, "$place: json")
                "status", "headers", "body", "broken", "failure", "error" -> assertMatches(got.parts[key], pattern, "$place: $key")
                else -> throw AssertionError("$place: no such expectation: $key")
            }
        }
        if ("error" !in expected) assertEquals(null, got.parts["error"], place)
    }

    private companion object {
        val ran = AtomicInteger()

        /** A case that is not found is a case that does not run. */
        @JvmStatic
        @AfterAll
        fun `all cases ran`() {
            val texts = File(Repository.root, "tests/vectors").walk().filter { it.extension == "json" }.map(File::readText)
            assertEquals(texts.sumOf { Regex("\"steps\":").findAll(it).count() }, ran.get())
        }

        val CASE_KEYS = setOf("name", "contract", "proves", "guards", "config", "upstream", "steps", "calls")
        val CALL_KEYS = setOf("method", "target", "headers", "json", "body")

        /** What goes with a step and does nothing by itself. */
        val MODIFIERS = setOf("times", "in_turn", "expect", "save", "take_chunks", "options", "patch", "with")
    }
}
