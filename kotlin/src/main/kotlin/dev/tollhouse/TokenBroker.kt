package dev.tollhouse

import kotlin.time.Duration

/**
 * A key on its way in.
 *
 * @property secret the key, without `Bearer`
 * @property lifetime how long it holds; without it every call asks again
 */
public class Token(public val secret: String, public val lifetime: Duration? = null) {
    /** Never the secret. */
    override fun toString(): String = "Token(lifetime=$lifetime)"
}

/**
 * Has the key of this provider brought when a call needs it: from a keystore, or from a server that knows the app's user.
 *
 * ```
 * provider("openai") { key = broker { fetchToken() } }
 * ```
 *
 * What [fetch] throws ends the attempt before anything is sent. The call tells the words of a [TollhouseException], and of
 * other errors their class alone: a key may be in them.
 *
 * @return null: the configuration holds no key
 */
public fun Configuration.Provider.broker(fetch: suspend () -> Token): String? {
    callbacks.broker = { fetch() }
    return null
}

/** The same with the key alone, which every call asks for anew. */
public fun Configuration.Provider.plainBroker(fetch: suspend () -> String): String? = broker { Token(fetch()) }

/** Brings the keys of all providers that have none of their own; null calls a provider without one. */
public fun Configuration.broker(fetch: suspend (provider: String) -> Token?) {
    callbacks.broker = fetch
}

internal class NativeBroker(@Volatile private var fetch: (suspend (provider: String) -> Token?)?) : dev.tollhouse.ffi.TokenBroker {
    override suspend fun token(provider: String): dev.tollhouse.ffi.Token? =
        guarded("the token broker", "connect") {
            val token = (fetch ?: throw gone())(provider)
            token?.let { dev.tollhouse.ffi.Token(it.secret, it.lifetime?.inWholeMilliseconds?.coerceAtLeast(0)?.toULong()) }
        }

    fun release() {
        fetch = null
    }
}
