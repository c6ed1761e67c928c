package dev.tollhouse

import dev.tollhouse.ffi.Call
import dev.tollhouse.ffi.Request
import java.io.IOException
import java.io.InputStream
import java.net.ConnectException
import java.net.SocketTimeoutException
import java.util.concurrent.atomic.AtomicBoolean

/** What HTTP clients' adapters ask: a request with the client's own timeouts, on the client's own thread. */
internal fun Waiting.answer(gateway: Gateway, request: Request): Response {
    val call = Call()
    try {
        return on(call::cancel) { Response(gateway.native.handleBlocking(request, call)) }
    } finally {
        call.destroy()
    }
}

/** The next bytes of a body, or null at its end. */
internal fun Waiting.next(body: dev.tollhouse.ffi.Body): ByteArray? = on(body::cancel, body::nextBlocking)

/** The error that a socket would have thrown, so that a client treats it like one of its own. */
internal fun TollhouseException.toIOException(): IOException =
    when (this) {
        is TollhouseException.Connect -> ConnectException(detail)
        is TollhouseException.ConnectTimeout, is TollhouseException.Timeout -> SocketTimeoutException(detail)
        else -> IOException(detail)
    }.also { it.initCause(this) }

/** A body that blocks who reads it; closing it ends the call at the provider. */
internal class BodyInputStream(answer: Response, private val waiting: Waiting) : InputStream() {
    private val body = if (answer.content == null) answer.take() else null
    private var chunk = answer.content ?: ByteArray(0)
    private var position = 0
    private val isClosed = AtomicBoolean()

    override fun read(): Int {
        val one = ByteArray(1)
        return if (read(one, 0, 1) < 0) -1 else one[0].toInt() and 0xff
    }

    override fun read(bytes: ByteArray, offset: Int, length: Int): Int {
        if (length == 0) return 0
        if (position == chunk.size && !pull()) return -1
        val count = minOf(length, chunk.size - position)
        chunk.copyInto(bytes, offset, position, position + count)
        position += count
        return count
    }

    override fun available(): Int = chunk.size - position

    override fun close() {
        if (body != null && isClosed.compareAndSet(false, true)) {
            body.cancel()
            // It goes at once unless somebody reads.
            body.destroy()
        }
    }

    private fun pull(): Boolean {
        if (body == null) return false
        if (isClosed.get()) throw IOException("closed")
        chunk = waiting.next(body) ?: return false
        position = 0
        return true
    }
}
