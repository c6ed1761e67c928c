package dev.tollhouse.okhttp

import dev.tollhouse.Gateway
import dev.tollhouse.TollhouseException
import dev.tollhouse.Upstream
import dev.tollhouse.get
import dev.tollhouse.testing.TestGateway
import dev.tollhouse.testing.answer
import dev.tollhouse.testing.unreachable
import dev.tollhouse.text
import java.io.IOException
import java.io.InterruptedIOException
import java.net.ConnectException
import java.net.ServerSocket
import java.net.SocketTimeoutException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.hours
import okhttp3.Call
import okhttp3.Callback
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledForJreRange
import org.junit.jupiter.api.condition.JRE

/** A real OkHttp client through the gateway, against a provider over real HTTP. */
class InterceptorTest {
    @AfterEach fun reset() = upstream.reset()

    private val gateway = Gateway(upstream.configuration { cache { ttl = 1.hours } })
    private val client = OkHttpClient.Builder().addInterceptor(gateway.interceptor()).build()

    private fun question(model: String = "gpt-4o-mini", stream: Boolean = false): Request {
        val body = """{"model":"$model","stream":$stream,"messages":[{"role":"user","content":"tell me a joke"}]}"""
        return Request.Builder()
            .url("${upstream.url}/openai/chat/completions")
            .header("authorization", "Bearer sk-caller")
            .header("x-own", "kept")
            .post(body.toRequestBody("application/json".toMediaType()))
            .build()
    }

    @Test
    fun `a call goes to its provider and the same again comes from the cache`() {
        val first = client.newCall(question()).execute()
        assertEquals(200, first.code)
        assertEquals("MISS", first.header("cf-aig-cache-status"))
        val body = first.body!!.string()
        assertTrue("You said: tell me a joke" in body)
        val second = client.newCall(question()).execute()
        assertEquals("HIT", second.header("cf-aig-cache-status"))
        assertEquals(body, second.body!!.string())
        assertEquals("application/json".toMediaType(), second.body!!.contentType())
        val calls = upstream.ledger()
        assertEquals(1, calls.size)
        assertEquals("kept", calls[0]["headers"]["x-own"].text())
        assertEquals("Bearer sk-caller", calls[0]["headers"]["authorization"].text())
        assertEquals("application/json; charset=utf-8", calls[0]["headers"]["content-type"].text())
    }

    @Test
    fun `a stream comes as it is written`() {
        upstream.script("""{"chunk_delay_ms": 30}""")
        client.newCall(question(stream = true)).execute().use { response ->
            assertEquals("text/event-stream; charset=utf-8", response.header("content-type"))
            val source = response.body!!.source()
            assertTrue(source.readUtf8LineStrict().startsWith("data: "))
            // The rest is still to come.
            assertEquals(null, upstream.arrived(1)[0]["ending"]?.takeUnless { it.toString() == "null" })
            assertTrue(source.readUtf8().trimEnd().endsWith("data: [DONE]"))
        }
        assertEquals("complete", upstream.ledger(1)[0]["ending"].text())
    }

    @Test
    fun `cancelling a call ends it at the provider, before the answer and within it`() {
        upstream.script("""{"delay_ms": 60000}""", """{"fail": "stall"}""")
        val waiting = client.newCall(question())
        val failure = CompletableFuture<IOException>()
        waiting.enqueue(
            object : Callback {
                override fun onFailure(call: Call, e: IOException) = failure.complete(e).let {}

                override fun onResponse(call: Call, response: Response) = failure.completeExceptionally(AssertionError("$response")).let {}
            },
        )
        upstream.arrived(1)
        waiting.cancel()
        assertEquals("Canceled", failure.get(10, TimeUnit.SECONDS).message)

        val streaming = client.newCall(question(stream = true))
        val source = streaming.execute().body!!.source()
        source.readUtf8LineStrict()
        thread { streaming.cancel() }
        assertThrows(IOException::class.java) { source.readUtf8() }
        source.close()
        assertEquals(listOf("client_gone", "client_gone"), upstream.ledger(2).map { it["ending"].text() })
    }

    @Test
    fun `a redirect is an answer, and carries nothing to another host`() {
        ServerSocket(0).use { elsewhere ->
            upstream.script("""{"status": 307, "headers": {"location": "http://127.0.0.1:${elsewhere.localPort}/"}}""")
            client.newCall(question("moved")).execute().use { assertEquals(307, it.code) }
            elsewhere.soTimeout = 1
            assertThrows(SocketTimeoutException::class.java) { elsewhere.accept() }
        }
    }

    @Test
    fun `a web socket is refused in words`() {
        val refused = CompletableFuture<Throwable>()
        val listener = object : WebSocketListener() {
            override fun onFailure(webSocket: WebSocket, t: Throwable, response: Response?) = refused.complete(t).let {}
        }
        client.newWebSocket(Request.Builder().url("${upstream.url}/openai/realtime").build(), listener)
        assertTrue("web socket" in refused.get(10, TimeUnit.SECONDS).message!!)
        assertEquals(0, upstream.ledger().size)
    }

    @Test
    fun `closing a body ends the call at the provider`() {
        upstream.script("""{"fail": "stall"}""")
        client.newCall(question(stream = true)).execute().use { it.body!!.source().readUtf8LineStrict() }
        assertEquals("client_gone", upstream.ledger(1)[0]["ending"].text())
    }

    @Test
    fun `the client's timeouts hold`() {
        upstream.script("""{"delay_ms": 60000}""", """{"delay_ms": 60000}""", """{"fail": "stall"}""")
        val impatient = client.newBuilder().readTimeout(200, TimeUnit.MILLISECONDS).build()
        assertThrows(SocketTimeoutException::class.java) { impatient.newCall(question()).execute() }
        val whole = client.newBuilder().callTimeout(200, TimeUnit.MILLISECONDS).build()
        assertThrows(InterruptedIOException::class.java) { whole.newCall(question()).execute() }
        assertThrows(SocketTimeoutException::class.java) { impatient.newCall(question(stream = true)).execute().body!!.string() }
    }

    @Test
    fun `the time of a whole call ends a body that is slow to come`() {
        // Each chunk comes long before a read is late.
        upstream.script("""{"chunk_delay_ms": 1000}""")
        val whole = client.newBuilder().callTimeout(2, TimeUnit.SECONDS).build()
        val slow = whole.newCall(question(stream = true)).execute()
        val late = assertThrows(InterruptedIOException::class.java) { slow.body!!.string() }
        assertEquals("timeout", late.message)
        assertEquals("client_gone", upstream.ledger(1)[0]["ending"].text())
    }

    @Test
    fun `an interrupt ends who waits`() {
        upstream.script("""{"delay_ms": 60000}""", """{"fail": "stall"}""")
        val failures = CompletableFuture<IOException>() to CompletableFuture<IOException>()
        val waiting = thread { failures.first.complete(assertThrows(InterruptedIOException::class.java) { client.newCall(question()).execute() }) }
        upstream.arrived(1)
        waiting.interrupt()
        assertEquals("interrupted", failures.first.get(10, TimeUnit.SECONDS).message)
        val source = client.newCall(question(stream = true)).execute().body!!.source()
        source.readUtf8LineStrict()
        val reading = thread { failures.second.complete(assertThrows(InterruptedIOException::class.java) { source.readUtf8() }) }
        reading.interrupt()
        assertEquals("interrupted", failures.second.get(10, TimeUnit.SECONDS).message)
        assertEquals(listOf("client_gone", "client_gone"), upstream.ledger(2).map { it["ending"].text() })
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_21)
    fun `virtual threads wait without holding those that carry them`() {
        val threads = Executors::class.java.getMethod("newVirtualThreadPerTaskExecutor").invoke(null) as ExecutorService
        // More than there are processors, none of which is answered before all have been asked.
        val count = 4 * Runtime.getRuntime().availableProcessors()
        upstream.script(*Array(count) { """{"delay_ms": 60000}""" })
        val calls = (1..count).map { client.newCall(question("v-$it")) }
        val failures = calls.map { call -> threads.submit<IOException> { assertThrows(IOException::class.java) { call.execute() } } }
        upstream.arrived(count)
        calls.forEach(Call::cancel)
        failures.forEach { assertEquals("Canceled", it.get(10, TimeUnit.SECONDS).message) }
    }

    @Test
    fun `a provider's error is an answer, and nobody there is an IOException`() {
        val refused = client.newCall(question("fail-503")).execute()
        assertEquals(503, refused.code)
        assertTrue("error" in refused.body!!.string())

        val free = ServerSocket(0).use { it.localPort }
        val nobody = question().newBuilder().url("http://127.0.0.1:$free/v1/chat/completions").build()
        val error = assertThrows(ConnectException::class.java) { client.newCall(nobody).execute() }
        assertInstanceOf(TollhouseException.Connect::class.java, error.cause)
    }

    @Test
    fun `a broken answer is an IOException`() {
        upstream.script("""{"fail": "cut"}""")
        val broken = client.newCall(question(stream = true)).execute()
        val error = assertThrows(IOException::class.java) { broken.body!!.string() }
        assertInstanceOf(TollhouseException.Broken::class.java, error.cause)
    }

    @Test
    fun `a closed gateway fails the call and not the app`() {
        gateway.close()
        val failure = CompletableFuture<IOException>()
        client.newCall(question()).enqueue(
            object : Callback {
                override fun onFailure(call: Call, e: IOException) = failure.complete(e).let {}

                override fun onResponse(call: Call, response: Response) = failure.completeExceptionally(AssertionError("$response")).let {}
            },
        )
        assertInstanceOf(TollhouseException.Closed::class.java, failure.get(10, TimeUnit.SECONDS).cause)
    }

    @Test
    fun `a test gateway answers an OkHttp client`() {
        val test = TestGateway(listOf(answer("hi"), unreachable()))
        val scripted = OkHttpClient.Builder().addInterceptor(test.interceptor()).build()
        assertTrue("\"hi\"" in scripted.newCall(question()).execute().body!!.string())
        assertThrows(ConnectException::class.java) { scripted.newCall(question()).execute() }
    }

    @Test
    fun `many calls at once, each with its own answer`() {
        val calls = (1..40).map { number -> CompletableFuture.supplyAsync { client.newCall(question("m-$number")).execute().body!!.string() } }
        calls.forEachIndexed { index, call -> assertTrue("[openai m-${index + 1}]" in call.get(30, TimeUnit.SECONDS)) }
    }

    private companion object {
        val upstream = Upstream()

        @JvmStatic @AfterAll fun stop() = upstream.close()
    }
}
