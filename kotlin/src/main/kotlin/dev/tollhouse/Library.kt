package dev.tollhouse

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import com.sun.jna.Platform
import dev.tollhouse.ffi.uniffiEnsureInitialized
import dev.tollhouse.ffi.uniffiRustFutureContinuationCallbackImpl

/** The native library: it comes out of the jar, once, when the first gateway is opened. */
internal object Library {
    private val problem: Throwable? by lazy(::load)

    /** @throws TollhouseException.Library if there is none for this platform. */
    fun ensureLoaded() {
        problem?.let { throw TollhouseException.Library(remedy(it), it) }
    }

    private fun load(): Throwable? =
        try {
            uniffiEnsureInitialized()
            // The thread that moves bytes stays attached: to attach it anew for each wake would cost more than the wake.
            Native.setCallbackThreadInitializer(
                uniffiRustFutureContinuationCallbackImpl,
                CallbackThreadInitializer(true, false, "tollhouse"),
            )
            null
        } catch (problem: Throwable) {
            // JNA has errors of many kinds: a library that is not there, or one of another version.
            problem
        }

    private fun remedy(problem: Throwable): String {
        val reason = generateSequence(problem) { it.cause }.last().message?.lineSequence()?.first()
        return "the native library of tollhouse cannot be loaded on ${platform()}: $reason. " +
            "Use a jar that holds ${platform()}/${System.mapLibraryName("tollhouse_ffi")} " +
            "(`make -C kotlin native` puts the one of this machine there), or name the folder of the library in the " +
            "system property jna.library.path"
    }

    /** The folder's name, as JNA looks for it. */
    private fun platform(): String =
        try {
            Platform.RESOURCE_PREFIX
        } catch (_: LinkageError) {
            "${System.getProperty("os.name")} ${System.getProperty("os.arch")}"
        }
}
