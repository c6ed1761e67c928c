package dev.tollhouse

import java.io.IOException
import java.io.InterruptedIOException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread

/**
 * What ends a blocking call of an HTTP client: its cancellation, its [deadline] (of `System.nanoTime`), an interrupt of its
 * thread. The waiting itself is done in the native library, in one crossing for each chunk; nothing of Java's reaches a
 * thread there, so one thread looks after all that wait.
 */
internal class Waiting(private val deadline: Long? = null, private val isCancelled: () -> Boolean = { false }) {
    /**
     * Does [work], which waits; [end] makes it return.
     *
     * @throws IOException as a socket would
     */
    fun <T> on(end: () -> Unit, work: () -> T): T {
        val wait = Wait(Thread.currentThread(), end)
        reason(wait.thread)?.let {
            runCatching(end)
            throw it
        }
        Lookout.add(wait)
        try {
            val result = onPlatformThread { native(work) }
            wait.ended()?.let {
                (result as? AutoCloseable)?.close()
                throw it
            }
            return result
        } catch (error: TollhouseException) {
            throw wait.ended() ?: error.toIOException()
        } catch (gone: IllegalStateException) {
            throw wait.ended() ?: IOException("closed", gone)
        } finally {
            Lookout.remove(wait)
        }
    }

    private fun reason(thread: Thread): IOException? =
        when {
            isCancelled() -> IOException("Canceled")
            thread.isInterrupted -> InterruptedIOException("interrupted")
            deadline != null && System.nanoTime() >= deadline -> InterruptedIOException("timeout")
            else -> null
        }

    private inner class Wait(val thread: Thread, val end: () -> Unit) : Lookout.Watched {
        private val outcome = AtomicReference<Any?>()

        /** Either this or [look] is first: what has come is given, or the wait has ended, and never both. */
        fun ended(): IOException? = if (outcome.compareAndSet(null, DONE)) null else outcome.get() as? IOException

        override fun look() {
            val reason = reason(thread) ?: return
            // What it would end may be gone by now.
            if (outcome.compareAndSet(null, reason)) runCatching(end)
        }
    }

    private companion object {
        val DONE = Any()
    }
}

/** The thread that looks. It starts with the first wait, and ends when there has been none for a second. */
private object Lookout {
    interface Watched {
        fun look()
    }

    /** How soon a cancellation is noticed: OkHttp tells an interceptor of it only when asked. */
    private const val PAUSE_MS = 20L
    private const val PAUSES = 50
    private val waits = ConcurrentHashMap.newKeySet<Watched>()
    private val isRunning = AtomicBoolean()

    fun add(wait: Watched) {
        waits.add(wait)
        if (isRunning.compareAndSet(false, true)) thread(isDaemon = true, name = "tollhouse-lookout", block = ::run)
    }

    fun remove(wait: Watched) {
        waits.remove(wait)
    }

    private fun run() {
        var idle = 0
        while (true) {
            Thread.sleep(PAUSE_MS)
            waits.forEach(Watched::look)
            idle = if (waits.isEmpty()) idle + 1 else 0
            if (idle < PAUSES) continue
            isRunning.set(false)
            // One may have come in between and found it running.
            if (waits.isEmpty() || !isRunning.compareAndSet(false, true)) return
        }
    }
}

/** A native call holds its thread. A virtual one would hold the thread that carries it and others, so it has another wait. */
private fun <T> onPlatformThread(work: () -> T): T {
    if (Virtual.isVirtual?.invoke(Thread.currentThread()) != true) return work()
    try {
        return CompletableFuture.supplyAsync(work, Virtual.waiters).join()
    } catch (error: CompletionException) {
        throw error.cause ?: error
    }
}

private object Virtual {
    /** There from JDK 21 on. */
    val isVirtual = runCatching { Thread::class.java.getMethod("isVirtual") }.getOrNull()
    val waiters: ExecutorService by lazy {
        Executors.newCachedThreadPool { task -> thread(start = false, isDaemon = true, name = "tollhouse-waiter") { task.run() } }
    }
}
