package dev.tollhouse.okhttp

import java.io.IOException
import java.io.InterruptedIOException
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import okhttp3.Call

/** How soon a cancellation is noticed: OkHttp tells an interceptor of it only when asked. */
private val LOOK = 20.milliseconds

/** Waits on this thread, which is what an interceptor does, until [work] is done or the call is cancelled. */
internal fun <T> Call.wait(work: suspend () -> T): T =
    try {
        runBlocking {
            val working = async(start = CoroutineStart.UNDISPATCHED) { work() }
            while (working.isActive) {
                if (isCanceled()) throw IOException("Canceled")
                withTimeoutOrNull(LOOK) { working.join() }
            }
            working.await()
        }
    } catch (interrupted: InterruptedException) {
        Thread.currentThread().interrupt()
        throw InterruptedIOException("interrupted").initCause(interrupted)
    }
