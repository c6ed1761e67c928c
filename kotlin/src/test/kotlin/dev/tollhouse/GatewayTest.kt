package dev.tollhouse

import dev.tollhouse.testing.TestGateway
import dev.tollhouse.testing.answer
import java.io.File
import java.math.BigDecimal
import java.nio.file.Path
import java.time.Instant
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

class GatewayTest {
    @Test
    fun `a configuration that cannot work is refused, and names its key`() {
        val error = assertThrows<TollhouseException.Config> { Gateway("""{"cache": {"tll": "1h"}}""") }
        assertEquals("cache.tll", error.field)
        assertEquals("config error at cache.tll: unknown key; did you mean \"ttl\"?", error.message)
        assertEquals("caller", error.source)
        assertThrows<TollhouseException.Config> { Gateway("not JSON") }
        assertThrows<TollhouseException.Config> { Gateway(File("/nowhere/tollhouse.toml")) }
        val builder = assertThrows<TollhouseException.Config> { Gateway { cache { ttl = (-1).hours } } }
        assertEquals("cache.ttl", builder.field)
        assertEquals("cache.ttl", assertThrows<TollhouseException.Config> { Gateway { cache { ttl = Duration.INFINITE } } }.field)
        val ratio = assertThrows<TollhouseException.Config> { Gateway { cache { semantic { namespaces["faq"] = Double.NaN } } } }
        assertEquals("cache.semantic.namespaces.faq", ratio.field)
    }

    @Test
    fun `the builder, the text and the file are one document`(@TempDir folder: Path) {
        val file = folder.resolve("tollhouse.toml").toFile().apply { writeText("cache.ttl = '1h'\nlogs.payloads = false\n") }
        val configs = listOf(Gateway { cache { ttl = 1.hours } }, Gateway("""{"cache": {"ttl": "60m"}}"""), Gateway(file)).map { it.config() }
        assertEquals(1, configs.toSet().size)
        assertEquals(JsonPrimitive(false), configs[0]["logs"]["payloads"])
    }

    @Test
    fun `bodies are logged only if one asks for it`() = runBlocking {
        assertEquals(JsonPrimitive(false), Gateway("""{"cache": {"ttl": "1h"}}""").config()["logs"]["payloads"])
        assertEquals(JsonPrimitive(true), Gateway { logs { payloads = true } }.config()["logs"]["payloads"])
    }

    @Test
    fun `a closed gateway says so`() = runBlocking {
        val gateway = Gateway()
        gateway.close()
        gateway.close()
        gateway.close(1.seconds)
        assertThrows<TollhouseException.Closed> { gateway.chat("openai/m", "hi") }
        assertThrows<TollhouseException.Closed> { gateway.logs() }
        Unit
    }

    @Test
    fun `bad arguments are named`() = runBlocking {
        val gateway = TestGateway()
        assertEquals("method", assertThrows<TollhouseException.InvalidRequest> { gateway.handle("NO WAY", "/") }.field)
        assertEquals("messages[0].content", assertThrows<TollhouseException.InvalidRequest> { gateway.chat("openai/m", listOf(mapOf("content" to Any()))) }.field)
        assertEquals("options.top_p", assertThrows<TollhouseException.InvalidRequest> { gateway.chat("openai/m", "hi", mapOf("top_p" to Double.NaN)) }.field)
        assertEquals("headers.x", assertThrows<TollhouseException.InvalidRequest> { gateway.handle("GET", "/", listOf("x" to "a\nb")) }.field)
        assertThrows<TollhouseException.LogNotFound> { gateway.getLog("018f0000-0000-7000-8000-000000000000") }
        assertThrows<TollhouseException.UnknownModel> { gateway.countTokens("nobody/nothing", "hi") }
        assertThrows<TollhouseException.InvalidRequest> { gateway.logs(mapOf("limt" to 1)) }
        Unit
    }

    @Test
    fun `logs and reports are typed`() = runBlocking {
        val gateway = TestGateway(listOf(answer("hi", tokensIn = 12, tokensOut = 14))) { logs { payloads = true } }
        val response = gateway.chat("openai/gpt-4o-mini", "hello")
        response.bytes()
        gateway.patchLog(response.logId!!, mapOf("feedback" to 1, "score" to 100, "metadata" to mapOf("user" to "123")))
        val log = gateway.getLog(response.logId!!)
        assertEquals(Instant.parse("2026-01-01T12:09:00Z"), log.createdAt)
        assertEquals(BigDecimal("0.0000102"), log.cost)
        assertEquals(listOf<Any?>("openai", 12L, 14L, 1, 100.0), listOf(log.provider, log.tokensIn, log.tokensOut, log.feedback, log.score))
        assertEquals(JsonPrimitive("123"), log.metadata["user"])
        assertTrue("hello" in String(gateway.logPayload(log.id, "request")))
        val usage = gateway.usage(mapOf("group_by" to "model"))
        assertEquals(1L to BigDecimal("0.0000102"), usage.rows.single().requests to usage.total.cost)
        assertEquals(1L, gateway.logs(mapOf("provider" to "openai")).totalCount)
        assertTrue(gateway.countTokens("openai/gpt-4o-mini", "hello").exact)
        val walk = gateway.explain(log.id)
        assertEquals(log.id, walk.logId)
        assertTrue(walk.lines.any { it.stage == "cache" && it.text.isNotEmpty() }, "$walk")
        gateway.flush()
        assertEquals(1L to null, gateway.health().let { it.written to it.degraded })
        assertEquals(1L, gateway.deleteLogs(emptyMap()))
    }

    @Test
    fun `a store that cannot be used is told, with its reason`(@TempDir folder: Path) = runBlocking {
        val none = TestGateway().health()
        assertEquals(listOf(null, null, emptyMap<String, String>()), listOf(none.limits, none.cache, none.routes))
        val path = folder.resolve("file").toFile().apply { writeText("no folder") }.resolve("cache.db").path
        val gateway = TestGateway(listOf(answer("a"))) { cache { ttl = 1.hours; this.path = path } }
        assertEquals(listOf("a"), gateway.chat("openai/gpt-4o-mini", "hi").text.toList())
        val cache = gateway.health().cache!!
        assertTrue(cache.failures > 0 && path in cache.degraded!!, "$cache")
    }

    @Test
    fun `a route is set by its class or by a map`() = runBlocking {
        val gateway = TestGateway(listOf(answer("a"), answer("b")))
        assertEquals(1, gateway.setRoute("fast", Configuration.Route().apply { `try` += "openai/gpt-4o-mini" }))
        assertEquals(listOf("a"), gateway.chat("dynamic/fast", "hi").text.toList())
        assertEquals(2, gateway.setRoute("fast", mapOf("try" to listOf("groq/m"))))
        assertEquals(listOf("b"), gateway.chat("dynamic/fast", "hi").text.toList())
        assertThrows<TollhouseException.Config> { gateway.setRoute("fast", mapOf("tri" to 1)) }
        Unit
    }

    @Test
    fun `the loopback server answers`() = runBlocking {
        TestGateway(listOf(answer("over HTTP"))).use { gateway ->
            val url = gateway.getUrl("openai")
            val request = java.net.http.HttpRequest.newBuilder(java.net.URI("$url/chat/completions"))
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString("""{"model":"m","messages":[{"role":"user","content":"hi"}]}"""))
            val answer = java.net.http.HttpClient.newHttpClient().send(request.build(), java.net.http.HttpResponse.BodyHandlers.ofString())
            assertTrue("over HTTP" in answer.body(), answer.body())
        }
    }

    @Test
    fun `many callers at once`() = runBlocking {
        val gateway = TestGateway(List(200) { answer("n $it") })
        val texts = (1..200).map { async(Dispatchers.IO) { gateway.chat("openai/m", "hi").text.toList().single() } }.awaitAll()
        assertEquals(200, texts.toSet().size)
    }

    @Test
    fun `times may be of any length`() = runBlocking {
        Upstream().use { upstream ->
            val gateway = Gateway {
                provider("openai") { baseUrl = "${upstream.url}/openai" }
                broker { Token("k", Duration.INFINITE) }
            }
            repeat(2) { assertTrue(gateway.chat("openai/m", "hi").isSuccessful) }
            gateway.close(Duration.INFINITE)
        }
        TestGateway().apply { advance(Duration.INFINITE) }.close(-(1.seconds))
    }

    @Test
    fun `keys are shown nowhere`() {
        val configuration = Configuration().apply { provider("openai") { key = "sk-canary"; headers["x-key"] = "sk-canary" } }
        val shown = listOf(configuration, configuration.providers, Gateway(configuration).config(), Gateway(configuration)).joinToString()
        assertFalse("sk-canary" in shown, shown)
    }

    @Test
    fun `opening starts no thread and no socket, and the first call does`() =
        assertEquals(listOf("opened: [] and 0 sockets", "called: [tollhouse, tollhouse-log] and some sockets"), program("idle").lines())

    private fun program(vararg arguments: String): String {
        val process = Programs.start(*arguments)
        assertTrue(process.waitFor(60, TimeUnit.SECONDS))
        return process.inputStream.bufferedReader().readText().trim().also { assertEquals(0, process.exitValue(), it) }
    }
}
