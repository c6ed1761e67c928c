package dev.tollhouse

import dev.tollhouse.ffi.FfiConverterTypeHostedBody
import dev.tollhouse.ffi.FfiConverterTypeHostedProvider
import dev.tollhouse.ffi.FfiConverterTypeTokenBroker
import java.io.IOException
import java.lang.ref.ReferenceQueue
import java.lang.ref.WeakReference
import java.nio.file.Path
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** Models that answer in this process, and keys that are brought when a call needs them. */
class HostedTest {
    private val streamed = mapOf("stream" to true)

    private fun chunk(text: String) = """data: {"choices":[{"index":0,"delta":{"content":"$text"}}]}""" + "\n\n"

    private fun events(vararg texts: String) =
        HostedAnswer(
            flow {
                texts.forEach { emit(chunk(it).toByteArray()) }
                emit("data: [DONE]\n\n".toByteArray())
            },
            headers = listOf("content-type" to "text/event-stream"),
        )

    private fun gateway(provider: HostedProvider) = Gateway { hosted("device", provider) }

    @Test
    fun `it is asked in OpenAI's shape and answers in chunks`() = runBlocking {
        lateinit var asked: HostedRequest
        val gateway = gateway { request -> events("Hello ", "there").also { asked = request } }
        assertEquals(listOf("Hello ", "there"), gateway.chat("custom-device/nano", "hi", streamed).text.toList())
        assertEquals("nano", asked.json()["model"]!!.jsonPrimitive.content)
        assertEquals("POST", asked.method)
        val log = gateway.logs().logs.single()
        assertEquals("custom-device" to true, log.provider to log.success)
    }

    @Test
    fun `it stands in where nobody else answers`() = runBlocking {
        val gateway = Gateway {
            provider("openai") { baseUrl = "http://127.0.0.1:9"; key = "k" }
            hosted("device") { HostedAnswer(toJson("answer", mapOf("choices" to listOf(mapOf("message" to mapOf("content" to "local")))))) }
        }
        val query = mapOf("model" to "m", "messages" to listOf(mapOf("role" to "user", "content" to "hi")))
        val answer = gateway.run(listOf("openai", "custom-device").map { mapOf("provider" to it, "endpoint" to "chat/completions", "query" to query) })
        assertEquals("1", answer.headers["cf-aig-step"])
        assertEquals(listOf("local"), answer.text.toList())
    }

    @Test
    fun `it is cancelled when the caller leaves, before its answer and within it`() = runBlocking {
        val (asked, gone) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
        val slow = gateway {
            asked.complete(Unit)
            try {
                awaitCancellation()
            } finally {
                gone.complete(Unit)
            }
        }
        val waiting = launch(Dispatchers.Default) { slow.chat("custom-device/m", "hi") }
        asked.await()
        waiting.cancelAndJoin()
        gone.await()

        val ended = CompletableDeferred<Unit>()
        val endless = gateway {
            HostedAnswer(
                flow {
                    try {
                        emit(chunk("one").toByteArray())
                        awaitCancellation()
                    } finally {
                        ended.complete(Unit)
                    }
                },
                headers = listOf("content-type" to "text/event-stream"),
            )
        }
        assertEquals("one", endless.chat("custom-device/m", "hi", streamed).text.first())
        ended.await()
    }

    @Test
    fun `the body of each answer is released, whenever its caller leaves`() = runBlocking {
        val gateway = gateway { events("Hello ", "there") }
        val held = FfiConverterTypeHostedBody.handleMap.size
        repeat(900) { number ->
            val job = launch(Dispatchers.Default) { gateway.chat("custom-device/m", "n $number", streamed).body.collect {} }
            val until = System.nanoTime() + number % 30 * 50_000L
            while (System.nanoTime() < until) Thread.onSpinWait()
            job.cancelAndJoin()
        }
        // The last of them is on its way.
        withTimeout(10.seconds) {
            while (FfiConverterTypeHostedBody.handleMap.size > held) yield()
        }
    }

    @Test
    fun `whatever it throws is a failure of the call`() = runBlocking {
        val thrown = listOf(IOException("no model"), IllegalStateException("bad"), StackOverflowError("deep"), NotImplementedError())
        for (error in thrown) {
            val answer = gateway { throw error }.chat("custom-device/m", "hi")
            assertEquals("connect", answer.failure?.kind)
            val broken = gateway { HostedAnswer(flow { emit(chunk("x").toByteArray()); throw error }, headers = listOf("content-type" to "text/event-stream")) }
            val failure = assertThrows<TollhouseException.Broken> { broken.chat("custom-device/m", "hi", streamed).text.toList() }
            assertTrue("hosted provider" in failure.detail, failure.detail)
        }
        val answer = gateway { HostedAnswer(flow { }, status = 7) }.chat("custom-device/m", "hi")
        assertEquals("connect", answer.failure?.kind)
    }

    @Test
    fun `a broker brings the key of one provider, or of all`() = runBlocking {
        Upstream().use { upstream ->
            val asked = mutableListOf<String>()
            val gateway = Gateway {
                provider("openai") { baseUrl = "${upstream.url}/openai"; key = plainBroker { fetchKey() } }
                provider("groq") { baseUrl = "${upstream.url}/groq" }
                broker { provider ->
                    asked += provider
                    Token("for-$provider", 5.minutes)
                }
            }
            repeat(2) {
                gateway.chat("openai/m", "hi").bytes()
                gateway.chat("groq/m", "hi").bytes()
            }
            val keys = upstream.ledger(4).map { it["headers"]["authorization"].text() }
            assertEquals(listOf("Bearer fetched", "Bearer for-groq", "Bearer fetched", "Bearer for-groq"), keys)
            assertEquals(listOf("groq"), asked, "a key is kept for its lifetime")
        }
    }

    private suspend fun fetchKey(): String = "fetched"

    @Test
    fun `a broker that fails ends the call before anything is sent`() = runBlocking {
        Upstream().use { upstream ->
            val gateway = Gateway { provider("openai") { baseUrl = upstream.url; key = plainBroker(::signedOut) } }
            val answer = gateway.chat("openai/m", "hi")
            assertFalse(answer.isSuccessful)
            assertTrue("signed out" in (answer.failure?.detail ?: answer.string()), "${answer.failure?.detail}")
            assertEquals(0, upstream.ledger().size)
        }
    }

    private suspend fun signedOut(): String = throw TollhouseException.Connect("signed out")

    @Test
    fun `what an error that is not ours says is told nowhere`() = runBlocking {
        val canary = "sk-canary-4711"
        class Own : Exception(canary, IOException(canary))
        val thrown = listOf({ Own() }, { kotlinx.coroutines.CancellationException(canary) }, { StackOverflowError(canary) })
        for (error in thrown) {
            val broken = HostedAnswer(flow { emit(chunk("x").toByteArray()); throw error() }, headers = listOf("content-type" to "text/event-stream"))
            val gateway = Gateway {
                logs { payloads = true }
                hosted("device", { format = Configuration.Format.OPENAI }) { throw error() }
                hosted("half") { broken }
                broker { throw error() }
            }
            val told = mutableListOf<String>()
            for (model in listOf("custom-device/m", "custom-half/m", "openai/m")) {
                val answer = gateway.chat(model, "hi", streamed)
                told += answer.failure?.stackTraceToString().orEmpty()
                told += runCatching { answer.string() }.fold({ it }, { it.stackTraceToString() })
                told += gateway.getLog(answer.logId!!).toString() + gateway.explain(answer.logId!!)
            }
            told += gateway.logs().toString() + gateway.health()
            assertFalse(canary in told.joinToString(), told.joinToString("\n"))
            assertTrue("failed with ${error().javaClass.name}; throw a TollhouseException to say more" in told[0], told[0])
        }
    }

    @Test
    fun `text and file take providers and a broker too`(@TempDir folder: Path) = runBlocking {
        Upstream().use { upstream ->
            val json = """{"providers": {"openai": {"base_url": "${upstream.url}/openai"}}}"""
            val file = folder.resolve("tollhouse.json").toFile().apply { writeText(json) }
            val providers = mapOf("device" to HostedProvider { events("here") })
            val broker: suspend (String) -> Token? = { Token("for-$it") }
            for (gateway in listOf(Gateway(json, providers, broker), Gateway(file, providers, broker))) {
                assertEquals(listOf("here"), gateway.chat("custom-device/m", "hi", streamed).text.toList())
                gateway.chat("openai/m", "hi").bytes()
            }
            assertEquals(List(2) { "Bearer for-openai" }, upstream.ledger(2).map { it["headers"]["authorization"].text() })
        }
    }

    /** An app's view model: it has the gateway, and the gateway's callbacks have it. */
    private class Owner {
        val gateway: Gateway = Gateway {
            hosted("device") { HostedAnswer(JsonPrimitive("$this@Owner")) }
            provider("openai") { key = broker { fetch() } }
        }

        private suspend fun fetch(): Token = Token("$this")
    }

    @Test
    fun `a gateway that was closed holds nobody, and nobody holds it`() {
        val held = FfiConverterTypeHostedProvider.handleMap.size + FfiConverterTypeTokenBroker.handleMap.size
        val gone = ReferenceQueue<Owner>()
        val references = List(20) { WeakReference(Owner().apply { gateway.close() }, gone) }
        repeat(references.size) {
            while (gone.remove(10) == null) System.gc()
        }
        // Whatever else was collected meanwhile makes it smaller still.
        while (FfiConverterTypeHostedProvider.handleMap.size + FfiConverterTypeTokenBroker.handleMap.size > held) System.gc()
    }

    @Test
    fun `closing ends no call that is under way, and lets nobody else in`() = runBlocking {
        val (asked, goOn) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
        val gateway = gateway {
            asked.complete(Unit)
            goOn.await()
            events("still ", "here")
        }
        val waiting = async(Dispatchers.Default) { gateway.chat("custom-device/m", "hi", streamed).text.toList() }
        asked.await()
        gateway.close(1.minutes)
        goOn.complete(Unit)
        assertEquals(listOf("still ", "here"), waiting.await())
        assertThrows<TollhouseException.Closed> { gateway.chat("custom-device/m", "hi") }
        Unit
    }

    @Test
    fun `a token shows no secret`() = assertFalse("sk-1" in Token("sk-1").toString())
}
