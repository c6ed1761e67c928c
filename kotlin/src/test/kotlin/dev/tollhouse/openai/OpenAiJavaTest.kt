package dev.tollhouse.openai

import com.openai.client.OpenAIClient
import com.openai.client.OpenAIClientImpl
import com.openai.core.ClientOptions
import com.openai.core.RequestOptions
import com.openai.core.Timeout
import com.openai.errors.InternalServerException
import com.openai.errors.OpenAIIoException
import com.openai.models.chat.completions.ChatCompletionCreateParams
import dev.tollhouse.Gateway
import dev.tollhouse.Upstream
import dev.tollhouse.get
import dev.tollhouse.text
import java.io.InterruptedIOException
import java.net.ServerSocket
import java.time.Duration
import java.util.concurrent.CancellationException
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The official package of OpenAI through the gateway, against a provider over real HTTP. */
class OpenAiJavaTest {
    @AfterEach fun reset() = upstream.reset()

    private val gateway = Gateway(upstream.configuration { cache { ttl = 1.hours } })

    private fun client(base: String = "${upstream.url}/openai/v1", set: ClientOptions.Builder.() -> Unit = {}): OpenAIClient =
        OpenAIClientImpl(
            ClientOptions.builder().httpClient(gateway.openAiHttpClient()).baseUrl(base).apiKey("sk-caller").maxRetries(0).apply(set).build(),
        )

    private fun question(model: String = "gpt-4o-mini") =
        ChatCompletionCreateParams.builder().model(model).addUserMessage("tell me a joke").build()

    @Test
    fun `answers, and the same again from the cache`() {
        repeat(2) {
            val answer = client().chat().completions().create(question())
            assertEquals("[openai gpt-4o-mini] You said: tell me a joke", answer.choices()[0].message().content().get())
        }
        val calls = upstream.ledger()
        assertEquals(1, calls.size)
        assertEquals("Bearer sk-caller", calls[0]["headers"]["authorization"].text())
        val log = runBlocking { gateway.logs(mapOf("limit" to 1)).logs.single() }
        assertTrue(log.cached)
    }

    @Test
    fun `a stream, read to its end and left in the middle`() {
        val text = StringBuilder()
        client().chat().completions().createStreaming(question()).use { stream ->
            stream.stream().forEach { chunk -> chunk.choices().forEach { text.append(it.delta().content().orElse("")) } }
        }
        assertEquals("[openai gpt-4o-mini] You said: tell me a joke", text.toString())

        upstream.script("""{"fail": "stall"}""")
        client().chat().completions().createStreaming(question("m-1")).use { it.stream().iterator().next() }
        assertEquals(listOf("complete", "client_gone"), upstream.ledger(2).map { it["ending"].text() })
    }

    @Test
    fun `an asynchronous call ends at the provider when it is cancelled`() {
        val answer = client().async().chat().completions().create(question()).get()
        assertEquals("stop", answer.choices()[0].finishReason().asString())

        upstream.script("""{"delay_ms": 60000}""")
        val request = gateway.openAiHttpClient()
        val waiting = request.executeAsync(raw("m-2"), RequestOptions.none())
        upstream.arrived(2)
        waiting.cancel(true)
        assertEquals("client_gone", upstream.ledger(2).last()["ending"].text())
    }

    private fun raw(model: String, stream: Boolean = false) =
        com.openai.core.http.HttpRequest.builder()
            .method(com.openai.core.http.HttpMethod.POST)
            .baseUrl("${upstream.url}/openai")
            .addPathSegments("chat", "completions")
            .putHeader("authorization", "Bearer k")
            .body(Json("""{"model":"$model","stream":$stream,"messages":[{"role":"user","content":"hi"}]}"""))
            .build()

    private class Json(private val text: String) : com.openai.core.http.HttpRequestBody {
        override fun writeTo(outputStream: java.io.OutputStream) = outputStream.write(text.toByteArray())

        override fun contentType() = "application/json"

        override fun contentLength() = text.length.toLong()

        override fun repeatable() = true

        override fun close() = Unit
    }

    @Test
    fun `errors are the package's own`() {
        assertThrows(InternalServerException::class.java) { client().chat().completions().create(question("fail-503")) }
        val free = ServerSocket(0).use { it.localPort }
        assertThrows(OpenAIIoException::class.java) { client("http://127.0.0.1:$free/v1").chat().completions().create(question()) }
        upstream.script("""{"delay_ms": 60000}""")
        val impatient = client { timeout(Duration.ofMillis(200)) }
        assertThrows(OpenAIIoException::class.java) { impatient.chat().completions().create(question("m-3")) }
    }

    @Test
    fun `the time of a whole request ends a body that is slow to come`() {
        val options = RequestOptions.builder().timeout(Timeout.builder().request(Duration.ofSeconds(2)).build()).build()
        upstream.script("""{"chunk_delay_ms": 1000}""", """{"chunk_delay_ms": 1000}""")
        val http = gateway.openAiHttpClient()
        for (answer in listOf(http.execute(raw("m-4", true), options), http.executeAsync(raw("m-5", true), options).get())) {
            assertEquals("timeout", assertThrows(InterruptedIOException::class.java) { answer.body().readAllBytes() }.message)
        }
        assertEquals(List(2) { "client_gone" }, upstream.ledger(2).map { it["ending"].text() })
    }

    @Test
    fun `closing the client ends no call, as its package closes it when nobody refers to it`() {
        upstream.script("""{"chunk_delay_ms": 50}""", """{"delay_ms": 500}""")
        val http = gateway.openAiHttpClient()
        val body = http.execute(raw("m-6", true), RequestOptions.none()).body().apply { read() }
        val waiting = http.executeAsync(raw("m-7"), RequestOptions.none())
        upstream.arrived(2)
        http.close()
        assertTrue(String(body.readAllBytes()).trimEnd().endsWith("[DONE]"))
        assertEquals(200, waiting.get().statusCode())
    }

    @Test
    fun `an answer that nobody waits for any more is let go of`() {
        upstream.script("""{"fail": "stall"}""")
        assertThrows(CancellationException::class.java) {
            runBlocking {
                awaited(null) {
                    gateway.chat("openai/m", "hi", mapOf("stream" to true)).also { currentCoroutineContext().cancel() }
                }
            }
        }
        assertEquals("client_gone", upstream.ledger(1)[0]["ending"].text())
    }

    private companion object {
        val upstream = Upstream()

        @JvmStatic @AfterAll fun stop() = upstream.close()
    }
}
