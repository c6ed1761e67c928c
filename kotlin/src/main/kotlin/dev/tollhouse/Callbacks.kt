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

    fun hosted(): Map<String, dev.tollhouse.ffi.HostedProvider> = hosted.mapValues { NativeProvider(it.value) }

    fun isEmpty(): Boolean = hosted.isEmpty() && brokers.isEmpty() && broker == null

    /** One broker for the native side, which asks by provider. */
    fun broker(): dev.tollhouse.ffi.TokenBroker? {
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

/** Runs what the app wrote. Whatever it throws is a failure of this call, of this [kind], and never the end of the process. */
internal suspend fun <T> guarded(what: String, kind: String, work: suspend () -> T): T =
    try {
        work()
    } catch (failure: Failure) {
        throw failure
    } catch (cancelled: CancellationException) {
        // The caller has left, or the app's own time ran out.
        if (!currentCoroutineContext().isActive) throw cancelled
        throw failed("timeout", "$what was cancelled: ${cancelled.message}", source = "upstream", retryable = true)
    } catch (error: TollhouseException) {
        throw failed(error.kind, "$what failed: ${error.detail}", source = error.source, status = error.status, retryable = error.retryable)
    } catch (error: Throwable) {
        throw failed(kind, "$what failed: $error", source = "upstream", retryable = true)
    }
