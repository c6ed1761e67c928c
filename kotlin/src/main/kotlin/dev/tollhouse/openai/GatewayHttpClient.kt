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
import dev.tollhouse.answer
import dev.tollhouse.toIOException
import java.io.ByteArrayOutputStream
import java.io.InputStream
import java.io.InterruptedIOException
import java.net.SocketTimeoutException
import java.net.URLEncoder
import java.time.Duration
import java.util.concurrent.CompletableFuture
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/**
 * The HTTP client of the official `openai-java` package, through this gateway:
 *
 * ```
 * val openai = OpenAIClientImpl(ClientOptions.builder().httpClient(gateway.openAiHttpClient()).apiKey(key).build())
 * ```
 *
 * The client's timeouts hold. Where no provider answered, it fails with the package's own [OpenAIIoException].
 */
public fun Gateway.openAiHttpClient(): HttpClient = GatewayHttpClient(this)

internal class GatewayHttpClient(private val gateway: Gateway) : HttpClient {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    override fun execute(request: HttpRequest, requestOptions: RequestOptions): HttpResponse =
        try {
            runBlocking { send(request, requestOptions) }
        } catch (interrupted: InterruptedException) {
            Thread.currentThread().interrupt()
            throw OpenAIIoException("Request failed", InterruptedIOException("interrupted").initCause(interrupted))
        }

    override fun executeAsync(request: HttpRequest, requestOptions: RequestOptions): CompletableFuture<HttpResponse> {
        val future = CompletableFuture<HttpResponse>()
        val job =
            scope.launch {
                try {
                    val response = send(request, requestOptions)
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

    /** Ends the calls in flight; the gateway goes on. */
    override fun close(): Unit = scope.cancel()

    private suspend fun send(request: HttpRequest, options: RequestOptions): HttpResponse {
        val native = toNative(request, options)
        val whole = options.timeout?.request()?.toMillis()?.takeIf { it > 0 }
        val answer =
            try {
                if (whole == null) gateway.answer(native) else withTimeout(whole) { gateway.answer(native) }
            } catch (misuse: TollhouseException) {
                throw OpenAIIoException("Request failed", misuse.toIOException())
            } catch (late: TimeoutCancellationException) {
                throw OpenAIIoException("Request failed", SocketTimeoutException("no answer within $whole ms").initCause(late))
            }
        answer.failure?.let {
            answer.close()
            throw OpenAIIoException("Request failed", it.toIOException())
        }
        return GatewayHttpResponse(answer)
    }

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

private class GatewayHttpResponse(private val answer: Response) : HttpResponse {
    private val reading = lazy { BodyInputStream(answer) }

    override fun statusCode(): Int = answer.status

    override fun headers(): Headers = Headers.builder().apply { answer.headers.forEach { (name, value) -> put(name, value) } }.build()

    override fun body(): InputStream = reading.value

    override fun close() {
        if (reading.isInitialized()) reading.value.close() else answer.close()
    }
}
