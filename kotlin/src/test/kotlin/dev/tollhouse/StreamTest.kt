package dev.tollhouse

import dev.tollhouse.testing.TestGateway
import dev.tollhouse.testing.answer
import dev.tollhouse.testing.fail
import dev.tollhouse.testing.stream
import dev.tollhouse.testing.unreachable
import dev.tollhouse.ffi.uniffiContinuationHandleMap
import kotlin.time.Duration.Companion.hours
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Answers as they come, and what happens to the call at the provider when nobody wants them any more. */
class StreamTest {
    @AfterEach fun reset() = upstream.reset()

    private val gateway = Gateway(upstream.configuration())
    private val streamed = mapOf("stream" to true)

    private fun endings(count: Int) = upstream.ledger(count).map { it["ending"].text() }

    @Test
    fun `pieces, events and bytes of a stream`() = runBlocking {
        val text = gateway.chat("openai/gpt-4o-mini", "tell me a joke", streamed).text.toList()
        assertEquals("[openai gpt-4o-mini] You said: tell me a joke", text.joinToString(""))
        assertTrue(text.size > 4)
        val events = gateway.chat("openai/gpt-4o-mini", "hi", streamed).events.toList()
        assertEquals("[DONE]", events.last().data)
        val bytes = gateway.chat("openai/gpt-4o-mini", "hi", streamed).body.toList()
        assertTrue(String(bytes.reduce(ByteArray::plus)).endsWith("data: [DONE]\n\n"))
        assertEquals(List(3) { "complete" }, endings(3))
    }

    @Test
    fun `a whole answer is one piece`() = runBlocking {
        assertEquals(listOf("[openai gpt-4o-mini] You said: hi"), gateway.chat("openai/gpt-4o-mini", "hi").text.toList())
    }

    @Test
    fun `cancelling who waits for the answer ends the call`() = runBlocking {
        upstream.script("""{"delay_ms": 60000}""")
        val waiting = async(Dispatchers.Default) { gateway.chat("openai/gpt-4o-mini", "hi") }
        upstream.arrived(1)
        waiting.cancelAndJoin()
        assertEquals(listOf("client_gone"), endings(1))
        assertTrue(gateway.logs().logs.single().cancelled)
    }

    @Test
    fun `cancelling who reads, or reading no further, ends the call`() = runBlocking {
        upstream.script("""{"fail": "stall"}""", """{"fail": "stall"}""", """{"fail": "stall"}""", """{"fail": "stall"}""")
        val began = Channel<Unit>(Channel.UNLIMITED)
        val reading = launch(Dispatchers.Default) { gateway.chat("openai/gpt-4o-mini", "hi", streamed).text.onEach { began.send(Unit) }.collect {} }
        began.receive()
        reading.cancelAndJoin()
        gateway.chat("openai/gpt-4o-mini", "hi", streamed).text.take(1).toList()
        gateway.chat("openai/gpt-4o-mini", "hi", streamed).use { it.events.first() }
        // Never read at all.
        gateway.chat("openai/gpt-4o-mini", "hi", streamed).close()
        assertEquals(List(4) { "client_gone" }, endings(4))
    }

    @Test
    fun `a time limit of the caller's own ends the call`() {
        upstream.script("""{"delay_ms": 60000}""")
        assertThrows(TimeoutCancellationException::class.java) { runBlocking { withTimeout(300) { gateway.chat("openai/gpt-4o-mini", "hi") } } }
        assertEquals(listOf("client_gone"), endings(1))
    }

    @Test
    fun `closing an answer from elsewhere ends who reads it`() = runBlocking {
        upstream.script("""{"fail": "stall"}""")
        val response = gateway.chat("openai/gpt-4o-mini", "hi", streamed)
        val began = Channel<Unit>(Channel.UNLIMITED)
        val reading = launch(Dispatchers.Default) { response.body.collect { began.send(Unit) } }
        began.receive()
        response.close()
        reading.join()
        assertEquals(listOf("client_gone"), endings(1))
    }

    @Test
    fun `a body comes once, and says so`() = runBlocking {
        val response = gateway.chat("openai/gpt-4o-mini", "hi", streamed)
        response.bytes()
        val error = assertThrows<TollhouseException.InvalidRequest> { response.bytes() }
        assertTrue("bytes()" in error.detail)
        assertEquals("body", error.field)
        // A whole one may be read again.
        val whole = TestGateway(listOf(answer("hi"))) { cache { ttl = 1.hours } }.run {
            chat("openai/m", "hi").bytes()
            chat("openai/m", "hi")
        }
        assertEquals("HIT", whole.headers["cf-aig-cache-status"])
        assertEquals(listOf("hi", "hi"), listOf(whole.text.toList().single(), whole.text.toList().single()))
    }

    @Test
    fun `a broken stream is an error, and its text so far is there`() = runBlocking {
        val gateway = TestGateway(listOf(stream("one ", "two", cut = true)))
        val pieces = mutableListOf<String>()
        assertThrows<TollhouseException.Broken> { gateway.chat("openai/gpt-4o-mini", "hi", streamed).text.collect(pieces::add) }
        assertEquals(listOf("one ", "two"), pieces)
    }

    @Test
    fun `no error is taken for a model's words`() = runBlocking {
        val gateway = TestGateway(listOf(fail(503, "down"), unreachable(), answer("hi")))
        val down = assertThrows<TollhouseException.Status> { gateway.chat("openai/gpt-4o-mini", "hi").text.toList() }
        assertEquals(503, down.status)
        assertTrue(down.retryable && "down" in down.detail)
        assertThrows<TollhouseException.Connect> { gateway.chat("openai/gpt-4o-mini", "hi").text.toList() }
        assertEquals(listOf("hi"), gateway.chat("openai/gpt-4o-mini", "hi").text.toList())
    }

    @Test
    fun `calls that are cancelled at any moment leave nothing behind`() = runBlocking {
        upstream.script(*Array(60) { """{"chunk_delay_ms": 2}""" })
        repeat(60) { number ->
            val job = launch(Dispatchers.Default) { gateway.chat("openai/gpt-4o-mini", "n $number", streamed).text.collect {} }
            // From before it begins to behind its end.
            val until = System.nanoTime() + number * 300_000L
            while (System.nanoTime() < until) Thread.onSpinWait()
            job.cancelAndJoin()
        }
        assertEquals(listOf("[openai m] You said: still here"), gateway.chat("openai/m", "still here").text.toList())
        val endings = upstream.ledger().map { it["ending"].text() }
        assertEquals(setOf("client_gone", "complete"), endings.toSet())
        assertEquals(0, uniffiContinuationHandleMap.size)
        // Each that reached the provider is logged, however it ended.
        assertTrue(gateway.logs().totalCount >= endings.size)
    }

    @Test
    fun `an answer that arrives as its caller leaves is let go of, and its call ended`() = runBlocking {
        val calls = 2_000
        upstream.script(*Array(calls) { """{"fail": "stall"}""" })
        repeat(calls) { number ->
            val job = launch(Dispatchers.Default) { gateway.chat("openai/gpt-4o-mini", "n $number", streamed).body.collect {} }
            // Around the moment in which the answer's head is there.
            val until = System.nanoTime() + 500_000L + number % 40 * 100_000L
            while (System.nanoTime() < until) Thread.onSpinWait()
            job.cancelAndJoin()
        }
        val sent = gateway.logs(mapOf("limit" to 1)).totalCount.toInt()
        assertTrue(sent > 100, "the calls were cancelled too early to show anything")
        // The stalled ones go on until somebody ends them, so each that is open now was forgotten.
        val endings = upstream.ledger().map { it["ending"].text() }
        assertEquals(setOf("client_gone"), endings.toSet())
    }

    private companion object {
        val upstream = Upstream()

        @JvmStatic @AfterAll fun stop() = upstream.close()
    }
}
