package dev.tollhouse

import dev.tollhouse.ffi.Failure
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.isActive

/** What the app brings to its gateway: models that answer in this process, and keys when they are needed. */
internal class Callbacks {
    var hosted: MutableMap<String, HostedProvider> = mutableMapOf()
    var broker: (suspend (provider: String) -> Token?)? = null
    private var brokers: Map<String, suspend (provider: String) -> Token?> = emptyMap()

    fun isEmpty(): Boolean = hosted.isEmpty() && brokers.isEmpty() && broker == null

    fun toNative(): NativeCallbacks = NativeCallbacks(hosted.mapValues { NativeProvider(it.value) }, nativeBroker())

    /** One broker for the native side, which asks by provider. */
    private fun nativeBroker(): NativeBroker? {
        val (one, all) = brokers to broker
        if (one.isEmpty() && all == null) return null
        return NativeBroker { provider -> (one[provider] ?: all)?.invoke(provider) }
    }

    companion object {
        /** Those of the configuration itself and of each of its providers. */
        fun of(configuration: Configuration): Callbacks =
            configuration.callbacks.also {
                it.brokers = configuration.providers.mapNotNull { (name, part) -> part.callbacks.broker?.let { name to it } }.toMap()
            }
    }
}

/**
 * The same as the native side calls it. That side holds them until the gateway is gone; one of them that refers back to
 * the gateway's owner would hold the gateway too, and all three for ever. So they are emptied when it is closed.
 */
internal class NativeCallbacks(val hosted: Map<String, NativeProvider> = emptyMap(), val broker: NativeBroker? = null) {
    fun release() {
        hosted.values.forEach(NativeProvider::release)
        broker?.release()
    }
}

/** What a callback says that outlived its gateway. */
internal fun gone(): TollhouseException = failed("closed", "the gateway was closed").toException()

/** Runs what the app wrote. Whatever it throws is a failure of this call, of this [kind], and never the end of the process. */
internal suspend fun <T> guarded(what: String, kind: String, work: suspend () -> T): T =
    try {
        work()
    } catch (failure: Failure) {
        throw failure
    } catch (cancelled: CancellationException) {
        // The caller has left, or the app's own time ran out.
        if (!currentCoroutineContext().isActive) throw cancelled
        throw untold(what, "timeout", cancelled)
    } catch (error: TollhouseException) {
        throw failed(error.kind, "$what failed: ${error.detail}", source = error.source, status = error.status, retryable = error.retryable)
    } catch (error: Throwable) {
        throw untold(what, kind, error)
    }

/** An error that is not ours: its words may hold a key, or what the user asked, and these go into answers and logs. */
private fun untold(what: String, kind: String, error: Throwable): Failure.Failed =
    failed(kind, "$what failed with ${error.javaClass.name}; throw a TollhouseException to say more", source = "upstream", retryable = true)
