package dev.tollhouse.openai

import com.openai.core.RequestOptions
import com.openai.core.http.Headers
import com.openai.core.http.HttpClient
import com.openai.core.http.HttpRequest
import com.openai.core.http.HttpResponse
import com.openai.errors.OpenAIIoException
import dev.tollhouse.BodyInputStream
import dev.tollhouse.Gateway
import dev.tollhouse.Response
import dev.tollhouse.TollhouseException
import dev.tollhouse.Waiting
import dev.tollhouse.answer
import dev.tollhouse.native
import dev.tollhouse.toIOException
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.io.InterruptedIOException
import java.net.URLEncoder
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlin.time.toKotlinDuration
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout

/**
 * The HTTP client of the official `openai-java` package, through this gateway:
 *
 * ```
 * val openai = OpenAIClientImpl(ClientOptions.builder().httpClient(gateway.openAiHttpClient()).apiKey(key).build())
 * ```
 *
 * The client's timeouts hold, that of the whole request for its body too. Where no provider answered, it fails with the
 * package's own [OpenAIIoException].
 */
public fun Gateway.openAiHttpClient(): HttpClient = GatewayHttpClient(this)

internal class GatewayHttpClient(private val gateway: Gateway) : HttpClient {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    override fun execute(request: HttpRequest, requestOptions: RequestOptions): HttpResponse =
        answered {
            val waiting = waiting(requestOptions)
            toResponse(waiting.answer(gateway, toNative(request, requestOptions)), waiting)
        }

    override fun executeAsync(request: HttpRequest, requestOptions: RequestOptions): CompletableFuture<HttpResponse> {
        val future = CompletableFuture<HttpResponse>()
        val job =
            scope.launch {
                try {
                    val response = answered { send(request, requestOptions) }
                    // Who has cancelled meanwhile will not close it.
                    if (!future.complete(response)) response.close()
                } catch (error: Throwable) {
                    future.completeExceptionally(error)
                }
            }
        // A job that was cancelled before it began has completed nothing.
        job.invokeOnCompletion { it?.let(future::completeExceptionally) }
        future.whenComplete { _, _ -> if (future.isCancelled) job.cancel() }
        return future
    }

    /**
     * There is nothing to let go of: the connections are the gateway's. The package closes its client when nobody refers to
     * it any more, though one of its streams may still be read, so calls in flight go on.
     */
    override fun close(): Unit = Unit

    private suspend fun send(request: HttpRequest, options: RequestOptions): HttpResponse {
        val (waiting, asked) = waiting(options) to toNative(request, options)
        return toResponse(awaited(whole(options)) { native { Response(gateway.native.handle(asked)) } }, waiting)
    }

    private fun toResponse(answer: Response, waiting: Waiting): HttpResponse {
        answer.failure?.let {
            answer.close()
            throw it.toIOException()
        }
        return GatewayHttpResponse(answer, waiting)
    }

    /** What the package throws over a socket's errors. */
    private inline fun <T> answered(send: () -> T): T =
        try {
            send()
        } catch (error: TollhouseException) {
            throw OpenAIIoException("Request failed", error.toIOException())
        } catch (error: IOException) {
            throw OpenAIIoException("Request failed", error)
        }

    /** The package's word for how long all of a call may take, its body too. */
    private fun whole(options: RequestOptions): kotlin.time.Duration? =
        options.timeout?.request()?.takeIf { it > Duration.ZERO }?.toKotlinDuration()

    private fun waiting(options: RequestOptions) =
        Waiting(whole(options)?.let { System.nanoTime() + it.inWholeNanoseconds })

    private fun toNative(request: HttpRequest, options: RequestOptions): dev.tollhouse.ffi.Request {
        val headers = request.headers.names().flatMap { name -> request.headers.values(name).map { dev.tollhouse.ffi.Header(name, it) } }
        val body = request.body
        val bytes = ByteArrayOutputStream().also { body?.use { part -> part.writeTo(it) } }.toByteArray()
        val type = body?.contentType()?.takeIf { "content-type" !in request.headers.names().map(String::lowercase) }
        return dev.tollhouse.ffi.Request(
            request.method.name,
            url(request),
            if (type == null) headers else headers + dev.tollhouse.ffi.Header("content-type", type),
            bytes,
            options.timeout?.connect().milliseconds(),
            options.timeout?.read().milliseconds(),
        )
    }

    private fun url(request: HttpRequest): String {
        val path = request.pathSegments.joinToString("") { "/" + encoded(it) }
        val query = request.queryParams.keys().flatMap { key -> request.queryParams.values(key).map { "${encoded(key)}=${encoded(it)}" } }
        return request.baseUrl.trimEnd('/') + path + if (query.isEmpty()) "" else query.joinToString("&", prefix = "?")
    }

    private fun encoded(text: String) = URLEncoder.encode(text, "UTF-8").replace("+", "%20")

    /** Zero is the package's word for no timeout. */
    private fun Duration?.milliseconds(): ULong? = this?.toMillis()?.takeIf { it > 0 }?.toULong()
}

/** An answer in the time that there is. One that comes as its time ends, or when nobody waits any more, is let go of. */
internal suspend fun awaited(time: kotlin.time.Duration?, answer: suspend () -> Response): Response {
    var come: Response? = null
    try {
        return withTimeout(time ?: kotlin.time.Duration.INFINITE) { answer().also { come = it } }
    } catch (ended: CancellationException) {
        come?.close()
        throw if (ended is TimeoutCancellationException) InterruptedIOException("timeout").initCause(ended) else ended
    }
}

private class GatewayHttpResponse(private val answer: Response, waiting: Waiting) : HttpResponse {
    private val reading = lazy { BodyInputStream(answer, waiting) }

    override fun statusCode(): Int = answer.status

    override fun headers(): Headers = Headers.builder().apply { answer.headers.forEach { (name, value) -> put(name, value) } }.build()

    override fun body(): InputStream = reading.value

    override fun close() {
        if (reading.isInitialized()) reading.value.close() else answer.close()
    }
}
