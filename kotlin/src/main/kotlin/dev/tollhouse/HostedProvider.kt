package dev.tollhouse

import dev.tollhouse.ffi.HostedBody
import dev.tollhouse.ffi.HostedCall
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.filter
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.produceIn
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement

/** Answers calls in the app's own process: a model on the device. Bytes in, chunks out. */
public fun interface HostedProvider {
    /**
     * Answers one call. When the caller leaves, this is cancelled. What it throws counts as "nothing was sent"; the call
     * tells the words of a [TollhouseException], such as [TollhouseException.Connect], and of others their class alone.
     */
    public suspend fun answer(request: HostedRequest): HostedAnswer
}

/**
 * What a hosted provider is asked.
 *
 * @property url `host://{name}/{path}` unless the configuration has a `base_url`
 * @property body in the format that the provider's `format` says: OpenAI's without it
 */
public class HostedRequest internal constructor(
    public val method: String,
    public val url: String,
    public val headers: Headers,
    public val body: ByteArray,
) {
    /** The body as JSON. */
    public fun json(): JsonElement = Json.parseToJsonElement(String(body, Charsets.UTF_8))
}

/**
 * What a hosted provider answers.
 *
 * @property headers `content-type: text/event-stream` makes the answer a stream
 * @property body the chunks; collecting it is cancelled when the caller leaves
 */
public class HostedAnswer(
    public val body: Flow<ByteArray>,
    public val status: Int = 200,
    public val headers: List<Pair<String, String>> = listOf("content-type" to "application/json"),
) {
    public constructor(json: JsonElement, status: Int = 200) : this(flowOf(json.toString().toByteArray()), status)
}

/** Lets [provider] answer for `custom-{name}/{model}`, or for a provider that is known by this name. */
public fun Configuration.hosted(name: String, provider: HostedProvider) {
    callbacks.hosted[name] = provider
}

/** The same; [set] says what holds for it, such as its `format`. */
public fun Configuration.hosted(name: String, set: Configuration.Provider.() -> Unit, provider: HostedProvider) {
    provider(name, set)
    hosted(name, provider)
}

internal class NativeProvider(@Volatile private var provider: HostedProvider?) : dev.tollhouse.ffi.HostedProvider {
    override suspend fun send(request: dev.tollhouse.ffi.HostedRequest, call: HostedCall): Unit =
        call.use {
            guarded("the hosted provider", "connect") {
                val asked = HostedRequest(request.method, request.url, request.headers.toHeaders(), request.body)
                val answer = (provider ?: throw gone()).answer(asked)
                if (answer.status !in 100..999) throw invalid("status", "${answer.status} is not an HTTP status")
                call.answer(dev.tollhouse.ffi.HostedAnswer(answer.status.toUShort(), answer.headers.toNative(), NativeBody(answer.body)))
            }
        }

    fun release() {
        provider = null
    }
}

/** A flow whose chunks are pulled. It runs on threads of its own, and is at most two chunks ahead of who reads. */
private class NativeBody(private val flow: Flow<ByteArray>) : HostedBody {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val chunks: ReceiveChannel<ByteArray> by lazy {
        flow.filter { it.isNotEmpty() }.buffer(Channel.RENDEZVOUS).produceIn(scope)
    }

    override suspend fun next(): ByteArray? =
        guarded("the hosted provider", "broken") {
            val chunk = chunks.receiveCatching()
            chunk.exceptionOrNull()?.let { throw it }
            chunk.getOrNull()
        }

    override fun release() = scope.cancel()
}
