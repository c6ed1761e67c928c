package dev.tollhouse.okhttp

import dev.tollhouse.Response
import dev.tollhouse.Waiting
import dev.tollhouse.next
import java.util.concurrent.atomic.AtomicBoolean
import okhttp3.MediaType
import okhttp3.MediaType.Companion.toMediaTypeOrNull
import okhttp3.ResponseBody
import okio.Buffer
import okio.BufferedSource
import okio.Source
import okio.Timeout
import okio.buffer

/** A body as OkHttp reads it; closing it ends the call at the provider. */
internal class GatewayBody(private val answer: Response, waiting: Waiting) : ResponseBody() {
    private val source = answer.content?.let { Buffer().write(it) } ?: Pulled(answer, waiting).buffer()

    override fun contentType(): MediaType? = answer.headers["content-type"]?.toMediaTypeOrNull()

    override fun contentLength(): Long = answer.content?.size?.toLong() ?: -1

    override fun source(): BufferedSource = source
}

private class Pulled(answer: Response, private val waiting: Waiting) : Source {
    private val body = answer.take()
    private val come = Buffer()
    private val isClosed = AtomicBoolean()

    override fun read(sink: Buffer, byteCount: Long): Long {
        if (come.size == 0L) come.write(waiting.next(body) ?: return -1)
        return come.read(sink, byteCount)
    }

    /** How long a chunk may take, the gateway holds; how long all of it may, the wait. */
    override fun timeout(): Timeout = Timeout.NONE

    override fun close() {
        come.clear()
        if (!isClosed.compareAndSet(false, true)) return
        body.cancel()
        // It goes at once unless somebody reads.
        body.destroy()
    }
}
