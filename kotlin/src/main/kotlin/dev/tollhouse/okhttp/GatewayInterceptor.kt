package dev.tollhouse.okhttp

import dev.tollhouse.Gateway
import dev.tollhouse.Waiting
import dev.tollhouse.answer
import dev.tollhouse.toIOException
import java.io.IOException
import okhttp3.Call
import okhttp3.Headers
import okhttp3.Interceptor
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.Response
import okio.Buffer

/**
 * An interceptor that answers calls through this gateway, for existing OkHttp and Retrofit clients:
 *
 * ```
 * val client = OkHttpClient.Builder().addInterceptor(gateway.interceptor()).build()
 * ```
 *
 * Add it last, with `addInterceptor`: the call ends here, in the gateway's own connections. The client's connect and read
 * timeouts hold, and its call timeout, counted from here on, for the whole body; cancelling the call ends it at the provider.
 * Where no provider answered, the call fails with the [IOException] that OkHttp would have thrown, whose cause says why.
 *
 * Nothing else of the client reaches the provider: not its certificate pins, trust and client certificates (`certificatePinner`,
 * `sslSocketFactory`), proxy, DNS, authenticators, cookies, cache, event listener and network interceptors. A client that needs
 * its pins must not have this interceptor. A redirect is an answer, whatever `followRedirects` says, so that no key is carried to
 * another host; there are no trailers, and a web socket is refused.
 */
public fun Gateway.interceptor(): Interceptor = GatewayInterceptor(this)

internal class GatewayInterceptor(private val gateway: Gateway) : Interceptor {
    override fun intercept(chain: Interceptor.Chain): Response {
        val (request, sentAt) = chain.request() to System.currentTimeMillis()
        if (request.header("upgrade") != null) throw IOException("a web socket cannot go through the gateway; open it with a client that has no interceptor of the gateway's")
        val waiting = Waiting(deadline(chain.call()), chain.call()::isCanceled)
        val answer = waiting.answer(gateway, toNative(request, chain))
        answer.failure?.let {
            answer.close()
            throw it.toIOException()
        }
        val headers = Headers.Builder()
        answer.headers.forEach { (name, value) -> headers.addUnsafeNonAscii(name, value) }
        return Response.Builder()
            .request(request)
            .protocol(Protocol.HTTP_1_1)
            .code(answer.status)
            .message("")
            .headers(headers.build())
            .body(GatewayBody(answer, waiting))
            .sentRequestAtMillis(sentAt)
            .receivedResponseAtMillis(System.currentTimeMillis())
            .build()
    }

    /** OkHttp itself takes a call for done when an interceptor has answered; its body may be long in coming. */
    private fun deadline(call: Call): Long? = call.timeout().timeoutNanos().takeIf { it > 0 }?.let { System.nanoTime() + it }

    private fun toNative(request: Request, chain: Interceptor.Chain): dev.tollhouse.ffi.Request {
        val body = request.body
        if (body?.isDuplex() == true) throw IOException("a body that is written while its answer is read cannot go through the gateway")
        val bytes = Buffer().also { body?.writeTo(it) }.readByteArray()
        // OkHttp would add it further on.
        val type = body?.contentType()?.takeIf { request.header("content-type") == null }
        val headers = request.headers.map { (name, value) -> dev.tollhouse.ffi.Header(name, value) }
        return dev.tollhouse.ffi.Request(
            request.method,
            request.url.toString(),
            if (type == null) headers else headers + dev.tollhouse.ffi.Header("content-type", type.toString()),
            bytes,
            milliseconds(chain.connectTimeoutMillis()),
            milliseconds(chain.readTimeoutMillis()),
        )
    }

    /** Zero is OkHttp's word for no timeout. */
    private fun milliseconds(timeout: Int): ULong? = timeout.takeIf { it > 0 }?.toULong()
}
