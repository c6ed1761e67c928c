package dev.tollhouse

import dev.tollhouse.ffi.Answer
import java.io.ByteArrayOutputStream
import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement

/**
 * An answer: of the provider, of the cache, or of the gateway itself. A body that is still to come is read once; closing
 * the answer, or cancelling who reads it, ends the call at the provider.
 *
 * @property status the HTTP status; a provider's error is an answer like any other
 * @property headers the headers, among them `cf-aig-cache-status`, `cf-aig-step` and `cf-aig-log-id`
 * @property failure why no provider answered: a connection that did not stand, or no answer in time
 */
public class Response internal constructor(answer: Answer) : AutoCloseable {
    public val status: Int = answer.status.toInt()
    public val headers: Headers = answer.headers.toHeaders()
    public val failure: TollhouseException? = answer.failure?.toException()
    internal val content: ByteArray? = answer.content
    internal val pulled: dev.tollhouse.ffi.Body? = answer.body
    private val isTaken = AtomicBoolean()

    /** Whether the status is one of success. */
    public val isSuccessful: Boolean get() = status in 200..299

    /** The id of the call's log. */
    public val logId: String? get() = headers["cf-aig-log-id"]

    /** The bytes as they come: all that have come, at least one, in each piece. */
    public val body: Flow<ByteArray> = flow {
        val bytes = content
        if (bytes != null) {
            if (bytes.isNotEmpty()) emit(bytes)
            return@flow
        }
        val body = take()
        try {
            while (true) emit(native { body.next() } ?: break)
        } finally {
            body.cancel()
            body.destroy()
        }
    }

    /** The events of a streamed answer. */
    public val events: Flow<ServerSentEvent> get() = body.toEvents()

    /**
     * What the model says, in pieces as they come: of a stream, and in one piece of a whole answer. It fails with
     * [TollhouseException] if the answer is an error, so that no error is taken for a model's words.
     */
    public val text: Flow<String> get() = pieces(this)

    /** The whole body. */
    public suspend fun bytes(): ByteArray {
        content?.let { return it }
        val whole = ByteArrayOutputStream()
        body.collect { whole.write(it, 0, it.size) }
        return whole.toByteArray()
    }

    /** The whole body as text. */
    public suspend fun string(): String = String(bytes(), Charsets.UTF_8)

    /** The whole body as JSON. */
    public suspend fun json(): JsonElement = Json.parseToJsonElement(string())

    /** Lets go of the body: the provider is told to stop. Closing twice is harmless. */
    override fun close() {
        if (isTaken.compareAndSet(false, true)) {
            pulled?.cancel()
            pulled?.destroy()
        } else {
            // Whoever reads it gets the end, and lets go of it.
            pulled?.takeUnless { it.uniffiIsDestroyed }?.let { runCatching { it.cancel() } }
        }
    }

    /** Status and names of headers; no content. */
    override fun toString(): String = "Response($status, $headers)"

    /** The body for its only reader. */
    internal fun take(): dev.tollhouse.ffi.Body {
        if (!isTaken.compareAndSet(false, true)) {
            throw invalid("body", "this answer was closed, or its body has been read already: it comes once; keep what `bytes()` or `string()` gives")
        }
        return checkNotNull(pulled) { "a whole body is not pulled" }
    }
}
