package dev.tollhouse

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import com.sun.jna.Platform
import dev.tollhouse.ffi.uniffiEnsureInitialized
import dev.tollhouse.ffi.uniffiRustFutureContinuationCallbackImpl
import java.io.File

/** The native library: it comes out of the jar, once, when the first gateway is opened. */
internal object Library {
    private val problem: Throwable? by lazy(::load)

    /** @throws TollhouseException.Library if there is none for this platform. */
    fun ensureLoaded() {
        problem?.let { throw TollhouseException.Library(remedy(it), it) }
    }

    /** The folder in the jar for a platform, as JNA calls it; JNA knows one Linux, and there are two that do not mix. */
    fun folder(prefix: String, mappedFiles: Sequence<String>): String =
        if (prefix.startsWith("linux-") && mappedFiles.any { "/ld-musl-" in it }) "$prefix-musl" else prefix

    private fun load(): Throwable? =
        try {
            choose()
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

    /** JNA looks into the folder with its own name for the platform by itself. Whoever has said where the library is knows best. */
    private fun choose() {
        val folder = folder()
        if (folder == Platform.RESOURCE_PREFIX || System.getProperty(OVERRIDE) != null || System.getProperty("jna.library.path") != null) return
        System.setProperty(OVERRIDE, extracted(folder, javaClass.classLoader).path)
    }

    /** A copy of the library outside of the jar, until the program ends. */
    fun extracted(folder: String, from: ClassLoader): File =
        Native.extractFromResourcePath("/$folder/${System.mapLibraryName(NAME)}", from)

    private fun remedy(problem: Throwable): String {
        val reason = generateSequence(problem) { it.cause }.last().message?.lineSequence()?.first()
        return "the native library of tollhouse cannot be loaded on ${platform()}: $reason. " +
            "Use a jar that holds ${platform()}/${System.mapLibraryName(NAME)} " +
            "(`make -C kotlin native` puts the one of this machine there), or name the folder of the library in the " +
            "system property jna.library.path"
    }

    private fun platform(): String =
        try {
            folder()
        } catch (_: LinkageError) {
            "${System.getProperty("os.name")} ${System.getProperty("os.arch")}"
        }

    /** What this process has mapped into its memory tells which C library it runs on; only Linux tells it. */
    private fun folder(): String {
        val maps = File("/proc/self/maps")
        return if (maps.canRead()) maps.useLines { folder(Platform.RESOURCE_PREFIX, it) } else Platform.RESOURCE_PREFIX
    }

    private const val NAME = "tollhouse_ffi"

    /** The generated glue asks for it. */
    private const val OVERRIDE = "uniffi.component.$NAME.libraryOverride"
}
