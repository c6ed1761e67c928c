package dev.tollhouse.okhttp

import dev.tollhouse.Response
import dev.tollhouse.TollhouseException
import dev.tollhouse.native
import dev.tollhouse.toIOException
import java.io.IOException
import java.util.concurrent.atomic.AtomicBoolean
import okhttp3.Call
import okhttp3.MediaType
import okhttp3.MediaType.Companion.toMediaTypeOrNull
import okhttp3.ResponseBody
import okio.Buffer
import okio.BufferedSource
import okio.Source
import okio.Timeout
import okio.buffer

/** A body as OkHttp reads it; closing it ends the call at the provider. */
internal class GatewayBody(private val answer: Response, call: Call) : ResponseBody() {
    private val source = answer.content?.let { Buffer().write(it) } ?: Pulled(answer, call).buffer()

    override fun contentType(): MediaType? = answer.headers["content-type"]?.toMediaTypeOrNull()

    override fun contentLength(): Long = answer.content?.size?.toLong() ?: -1

    override fun source(): BufferedSource = source
}

private class Pulled(private val answer: Response, private val call: Call) : Source {
    private val body = answer.take()
    private val waiting = Buffer()
    private val isClosed = AtomicBoolean()

    override fun read(sink: Buffer, byteCount: Long): Long {
        if (waiting.size == 0L) {
            val chunk =
                try {
                    call.wait { native { body.next() } }
                } catch (error: TollhouseException) {
                    throw error.toIOException()
                } catch (gone: IllegalStateException) {
                    throw IOException("closed", gone)
                }
            waiting.write(chunk ?: return -1)
        }
        return waiting.read(sink, byteCount)
    }

    /** How long a chunk may take, the gateway holds. */
    override fun timeout(): Timeout = Timeout.NONE

    override fun close() {
        waiting.clear()
        if (!isClosed.compareAndSet(false, true)) return
        body.cancel()
        // It goes at once unless somebody reads.
        body.destroy()
    }
}
